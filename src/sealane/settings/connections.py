"""Groups of settings: how clients reach the server, and what the server may reach."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from sealane import egress
from sealane.egress import Network
from sealane.settings.group import Group
from sealane.settings.values import (
    Days,
    HostEntry,
    Hours,
    Networks,
    Prefix,
    Seconds,
    SshHost,
    ThereFile,
    TokenHost,
    WebAddress,
)

_PUBLIC = (
    *("docker.io", "ghcr.io", "quay.io", "gcr.io", "*.gcr.io", "*.pkg.dev", "registry.k8s.io", "public.ecr.aws"),
    *("mcr.microsoft.com", "registry.gitlab.com", "registry.access.redhat.com", "registry.fedoraproject.org"),
)


class Http(Group):
    """Where the server listens and how browsers and hooks reach it."""

    host: str = "127.0.0.1"
    """Address to listen on. Only this machine by default, because the server speaks plain HTTP: put TLS before it,
    or set `0.0.0.0`."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""

    url: WebAddress | None = None
    """The address people use, such as `https://sealane.example.com`, for links and hooks. None: made of host and
    port. With `https`, cookies are sent over TLS only."""

    max_body: int = Field(default=1024 * 1024, gt=0)
    """Bytes a request's body may have: far more than a form needs. Webhooks may have 25 MiB, because GitHub's have, or
    this if it is more; for pushes `SEALANE_GIT__MAX_PACK` counts."""

    session_hours: Hours = Field(default=12.0, gt=0)
    """Hours a browser's session lasts: a working day, so that a forgotten one ends by itself."""

    header_timeout: Seconds = Field(default=10.0, gt=0)
    """Seconds in which the whole head of a request must come: enough for a bad line, and nobody holds a connection with a
    letter a minute."""

    body_timeout: Seconds = Field(default=60.0, gt=0)
    """Seconds in which the body of a request must come; for pushes `SEALANE_GIT__PATIENCE` counts."""

    requests: int = Field(default=100, gt=0)
    """Requests of one person that a server accepts at a time. Four of them are answered at once and the others wait, so that
    other people's are answered beside them; further ones get 429 with `Retry-After`. Requests of git are counted separately, in the same way."""

    streams: int = Field(default=100, gt=0)
    """Streamed answers that one person may have open at a time: logs that are followed, pages that are kept up to date.
    Enough for many tabs and programs, few enough that nobody takes all connections."""

    trusted_proxies: Networks = Field(default_factory=lambda: ["127.0.0.1", "::1"])
    """Addresses and networks of proxies whose `X-Forwarded-For` is believed, in a JSON list: `["10.0.0.0/8"]`. This machine by
    default, where the proxy usually is. From others a client could choose the address under which its attempts are counted."""


class Access(Group):
    """Tokens, and attempts to sign in."""

    token_days: Days = Field(default=365.0, ge=0)
    """Days after which a user's token expires, unless another time is given when it is made. A year: long enough to forget nobody's
    laptop, short enough that a lost token does not open doors for ever. 0: never. Push tokens of apps expire only
    if a time is given."""

    failures_per_address: int = Field(default=30, ge=1)
    """Wrong tokens a minute from one address; after that its tokens are refused unchecked until fewer came within a minute."""

    failures_per_token: int = Field(default=10, ge=1)
    """Wrong secrets a minute for one token's id, from any address."""


class Git(Group):
    """Clones of repositories, and the repositories that Sealane serves itself."""

    max_pack: int = Field(default=512 * 1024 * 1024, gt=0)
    """Bytes one push or clone may bring. Large enough for ordinary products, small enough that a hostile push can't
    fill the disk."""

    patience: Seconds = Field(default=300.0, gt=0)
    """Seconds one clone or push may take."""

    push_words: Seconds = Field(default=4.0, ge=0)
    """Seconds for which a push waits to hear whether its run is refused. Later refusals are shown with the run."""

    hosts: list[HostEntry] = Field(default_factory=list)
    """Hosts that clones may lead to beside those of registered repositories: where a repository's host redirects to, and
    where files of Git LFS are, in a JSON list: `["media.example.com", "*.example.com:8443"]`. A registered repository at an
    address that is not public needs its network in `SEALANE_EGRESS__NETWORKS`, or that very address here."""

    submodules: list[str] = Field(default_factory=list)
    """Repositories that submodules may be fetched from, as globs of host and path in a JSON list:
    `["git.example.com/libs/*"]`. Empty: none, because a pushed commit says which it wants."""

    bases: list[str] = Field(default_factory=list)
    """Repositories that the `bases:` of formations may be taken from, as globs of host and path in a JSON list, as those of
    submodules. Empty: none."""

    token: SecretStr | None = None
    """Password for cloning from the one host that `SEALANE_GIT__TOKEN_HOST` names. None: only what can be read without
    signing in."""

    token_host: TokenHost | None = None
    """The host that `SEALANE_GIT__TOKEN` is for: `git.example.com`, by HTTPS only. `http://git.example.com:3000` sends it
    in clear to that host, which everybody on the way can read."""

    tokens: dict[TokenHost, SecretStr] = Field(default_factory=dict)
    """Passwords by host, in a JSON object: `{"github.com": "…", "git.example.com:8443": "user:…"}`, each sent to its own
    host only, and never where that redirects to. Hosts are written as in `SEALANE_GIT__TOKEN_HOST`."""

    ssh_keys: dict[SshHost, ThereFile] = Field(default_factory=dict)
    """Files of private keys without a passphrase, by the host that each signs in to by SSH, in a JSON object:
    `{"github.com": "/etc/sealane/github", "git.example.com:2222": "/etc/sealane/git"}`. No host is offered another's key, and
    none an agent's."""

    known_hosts: ThereFile | None = None
    """File of the host keys that git hosts are known by, as `ssh-keyscan` prints them. None: `~/.ssh/known_hosts` of the user
    that runs the server, and the machine's. A host that is in none is not asked."""

    @model_validator(mode="after")
    def _token_has_a_host(self) -> Self:
        if self.token is not None and self.token_host is None:
            message = "the token needs a host that it is sent to: set SEALANE_GIT__TOKEN_HOST, for example github.com"
            raise ValueError(message)
        if self.token is None and self.token_host is not None:
            message = "there is no token for the host: set SEALANE_GIT__TOKEN"
            raise ValueError(message)
        if self.token_host in self.tokens:
            message = f"{self.token_host} has two tokens: one in SEALANE_GIT__TOKENS, one in SEALANE_GIT__TOKEN"
            raise ValueError(message)
        return self

    @property
    def credentials(self) -> dict[str, SecretStr]:
        """Passwords by host, however they were given."""
        return {**self.tokens, **({self.token_host: self.token} if self.token and self.token_host else {})}


class Registry(Group):
    """Where built images go."""

    prefix: Prefix | None = None
    """Host and path before an app's images: with `registry.example.com/team`, the image `web` of `shop` becomes
    `registry.example.com/team/shop/web`. None: a pipeline with `images` is refused with this as the reason."""

    hosts: list[HostEntry] = Field(default_factory=list)
    """Registries that images may be retagged from, and the hosts that those redirect to, in a JSON list:
    `["docker.io", "quay.io", "*.quay.io"]`. The host of `SEALANE_REGISTRY__PREFIX` is always one. Empty: no other."""

    pulls: list[HostEntry] = Field(default_factory=lambda: list(_PUBLIC))
    """Registries that the engine may be asked to fetch images from, for steps, services and builds, beside those of
    `SEALANE_REGISTRY__HOSTS` and the one of `SEALANE_REGISTRY__PREFIX`, in a JSON list. The default has the well-known public
    ones. What the engine has already is not fetched."""

    patience: Seconds = Field(default=600.0, gt=0)
    """Seconds that copying one image may take, however slowly a registry answers."""

    token_hosts: dict[HostEntry, HostEntry] = Field(default_factory=dict)
    """Where a registry signs in, if at another host, in a JSON object: `{"registry.gitlab.com": "gitlab.com"}`. Only there
    a registry's password is sent beside the registry itself. Docker Hub's is known."""


class Egress(Group):
    """What the server may reach because of a pushed commit."""

    networks: Networks = Field(default_factory=list)
    """Networks in which listed hosts may be, though their addresses are private, loopback or link-local, in a JSON list:
    `["10.0.0.0/8", "192.168.7.12"]`. Empty: only public addresses, those that a list names as addresses, `localhost` where
    it is listed, and the registry of `SEALANE_REGISTRY__PREFIX`."""

    silence: Seconds = Field(default=60.0, gt=0)
    """Seconds for which a registry or git host that a commit names may say nothing before its call ends. What does not
    answer is asked again for five minutes; then its step is broken."""

    @property
    def allowed(self) -> tuple[Network, ...]:
        """The networks as they are compared."""
        return tuple(egress.network(network) for network in self.networks)
