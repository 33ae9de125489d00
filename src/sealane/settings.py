"""Settings of the server: one root, in groups, from the environment (`SEALANE_DATA`, `SEALANE_HTTP__PORT` …).

Two underscores lead into a group. The command line tool without a server needs none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sealane import egress, paths
from sealane.egress import Network
from sealane.log_lines import Form
from sealane.runners import capabilities
from sealane.settings_values import (
    Capability,
    Days,
    HostEntry,
    Hours,
    Prefix,
    Seconds,
    SshHost,
    ThereFile,
    TokenHost,
    WebAddress,
)

_SQLITE = "sqlite:///"
_PUBLIC = (
    *("docker.io", "ghcr.io", "quay.io", "gcr.io", "*.gcr.io", "*.pkg.dev", "registry.k8s.io", "public.ecr.aws"),
    *("mcr.microsoft.com", "registry.gitlab.com", "registry.access.redhat.com", "registry.fedoraproject.org"),
)


class _Placed(BaseModel):
    """Every path of it is absolute once it is read, whoever gave it: parts are used from elsewhere, and stored."""

    @field_validator("*", mode="after")
    @classmethod
    def _from_the_root(cls, value: Any) -> Any:
        return paths.absolute(value) if isinstance(value, Path) else value


class _Group(_Placed):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, validate_default=True)


class Http(_Group):
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
    """Requests of one person which a server has at a time. Four of them are answered at once and the others wait, so that
    other people's are answered beside them; what is more gets 429 with `Retry-After`."""

    streams: int = Field(default=100, gt=0)
    """Answers that go on which one person may have open at a time: logs that are followed, pages that are kept up to date.
    Enough for many tabs and programs, few enough that nobody takes all connections."""

    trusted_proxies: list[str] = Field(default_factory=lambda: ["127.0.0.1", "::1"])
    """Addresses and networks of proxies whose `X-Forwarded-For` is believed, in a JSON list: `["10.0.0.0/8"]`. This machine by
    default, where the proxy usually is. From others a client could choose the address under which its attempts are counted."""

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            egress.network(network)
        return networks


class Access(_Group):
    """Tokens, and attempts to sign in."""

    token_days: Days = Field(default=365.0, ge=0)
    """Days after which a user's token expires, if it is not said when it is made. A year: long enough to forget nobody's
    laptop, short enough that a lost token does not open doors for ever. 0: never. Push tokens of apps expire only when it
    is said."""

    failures_per_address: int = Field(default=30, ge=1)
    """Wrong tokens a minute from one address; then none from there is tried until fewer came within a minute."""

    failures_per_token: int = Field(default=10, ge=1)
    """Wrong secrets a minute for one token's id, from wherever."""


class Git(_Group):
    """Clones of what was pushed, and the repositories Sealane serves itself."""

    max_pack: int = Field(default=512 * 1024 * 1024, gt=0)
    """Bytes one push or clone may bring. Large enough for ordinary products, small enough that a hostile push can't
    fill the disk."""

    patience: Seconds = Field(default=300.0, gt=0)
    """Seconds one clone or push may take."""

    push_words: Seconds = Field(default=4.0, ge=0)
    """Seconds for which a push waits to be told whether its run is refused. What is known later, the run tells."""

    hosts: list[HostEntry] = Field(default_factory=list)
    """Hosts that clones may lead to beside those of registered repositories: where a repository's host redirects to, and
    where files of Git LFS are, in a JSON list: `["media.example.com", "*.example.com:8443"]`. A registered repository at an
    address that is not public needs its network in `SEALANE_EGRESS__NETWORKS`, or that very address here."""

    submodules: list[str] = Field(default_factory=list)
    """Repositories that submodules may be fetched from, as globs of host and path in a JSON list:
    `["git.example.com/libs/*"]`. Empty: none, because a pushed commit says which it wants."""

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


class Registry(_Group):
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


class Egress(_Group):
    """What the server may reach because of a pushed commit."""

    networks: list[str] = Field(default_factory=list)
    """Networks in which listed hosts may be, though their addresses are private, loopback or link-local, in a JSON list:
    `["10.0.0.0/8", "192.168.7.12"]`. Empty: only public addresses, those that a list names as addresses, `localhost` where
    it is listed, and the registry of `SEALANE_REGISTRY__PREFIX`."""

    silence: Seconds = Field(default=60.0, gt=0)
    """Seconds for which a registry or git host that a commit names may say nothing before its call ends. What does not
    answer is asked again for five minutes; then its step is broken."""

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            egress.network(network)
        return networks

    @property
    def allowed(self) -> tuple[Network, ...]:
        """The networks as they are compared."""
        return tuple(egress.network(network) for network in self.networks)


class Runs(_Group):
    """Runs of pipelines."""

    at_once: int = Field(default=4, ge=1)
    """Runs one worker carries at the same time; more wait in the queue. Four keep a small machine busy without
    starving the rollouts beside them."""

    per_app: int | None = Field(default=None, ge=1)
    """Runs of one app at the same time, for each worker. An app that waits comes before one that has more, and this keeps a
    slot free for it. None: all slots of all workers but one; a server with a single slot has none to keep."""

    per_push: int = Field(default=20, ge=1)
    """Runs that one push starts at most. Webhooks come one a branch, so those of an app within a minute count as one push.
    What is over is shown on the overview with the command that runs it; the trunk always runs."""

    steps_at_once: int = Field(default=16, ge=1)
    """Steps and images of one run that go at the same time, where the pipeline lets them."""

    keep_workspaces: bool = False
    """Keeps the clone of a finished run on disk, to look at. Off: it is removed when the run ends."""


class Worker(_Group):
    """What a worker does and how a dead one is noticed."""

    heartbeat: Seconds = Field(default=2.0, gt=0)
    """Seconds between two heartbeats."""

    dead_after: Seconds = Field(default=15.0, gt=0)
    """Seconds of silence after which another worker takes over. Longer than a slow database or a long garbage
    collection, short enough that nobody waits for a dead machine."""

    poll: Seconds = Field(default=0.1, gt=0, le=60)
    """Seconds between two looks into a queue: what a push to another process waits at most before its run starts; one to
    this process starts at once. A larger number costs less when idle. On SQLite an idle server looks once a second."""

    sweep: Seconds = Field(default=5.0, gt=0)
    """Seconds between two looks for dead workers and for work that was stored but not queued."""

    remember_days: Days = Field(default=7.0, gt=0)
    """Days for which the steps of an ended workflow are kept, to look at when something went wrong. Runs, deployments,
    failure reports and logs stay."""


class Events(_Group):
    """What the server says happened, for whoever follows it."""

    keep_days: Days = Field(default=7.0, gt=0)
    """Days for which an event can be read, at `/api/events`: who was away for longer has missed some. The audit and the
    timelines of deployments stay."""


class Metrics(_Group):
    """What is measured, and which metric stores are told of it: see docs/metrics.md."""

    token: SecretStr | None = None
    """Token that whoever reads `/metrics` must show, as `Authorization: Bearer …`. None: only this machine reads it, and no
    proxy's clients do."""

    refresh: Seconds = Field(default=5.0, ge=0)
    """Seconds for which `/metrics` shows the same counts of the tables again, however many ask."""

    prefix: str = Field(default="sealane", pattern=r"[A-Za-z][A-Za-z0-9_.]*")
    """What the names of metrics begin with that sinks are sent: `sealane.release.count`."""

    sinks: dict[str, dict[str, SecretStr]] = Field(default_factory=dict)
    """Metric stores that are told of deployments and runs, by `dogstatsd`, `datadog`, `influxdb` and `otlp`, with a variable for
    each of their settings: `SEALANE_METRICS__SINKS__DATADOG__API_KEY`. docs/metrics.md lists them."""


class Engine(_Group):
    """The container engine that runs steps and builds images."""

    kind: str = "docker"
    """`docker`: Docker's or Podman's engine API. `dummy`: pretends, for tests; warns at start. Any other is refused."""

    socket: str | None = None
    """Address of the engine, `unix:///run/docker.sock`. None: `DOCKER_HOST`, then the usual sockets, the first that
    answers."""

    pull_patience: Seconds = Field(default=600.0, gt=0)
    """Seconds that the engine may take to fetch one image for a step or service."""

    add_hosts: list[HostEntry] = Field(default_factory=list)
    """Hosts of URLs in a Dockerfile's `ADD`, in a JSON list: `["downloads.example.com"]`. The engine fetches them from its
    machine's own network, and follows where they redirect to. Empty: none; a `RUN` fetches from its container."""

    build_patience: Seconds = Field(default=3600.0, gt=0)
    """Seconds that building one image, and pushing it, may take each."""


class Helm(_Group):
    """Helm, which renders the charts of formations: see docs/helm.md."""

    program: str = "helm"
    """The program, version 3.13 or newer: a name on the `PATH`, or a path. Commands without a server read it, too."""

    patience: Seconds = Field(default=60.0, gt=0)
    """Seconds that rendering one chart may take."""


class Steps(_Group):
    """What steps and services may have of the engine's machine. A pipeline file can ask for none of it."""

    capabilities: list[Capability] = Field(default_factory=lambda: list(capabilities.DEFAULT))
    """Capabilities of Linux, in a JSON list; steps have no others. The default is what package managers, `su`, `chown` and
    databases need. Without MKNOD, NET_RAW, SETPCAP and AUDIT_WRITE."""

    new_privileges: bool = False
    """Whether programs of a step may become more than who started them, as `sudo` does. Off, root's own `su` works."""

    memory: str | None = "75%"
    """Memory of each step and service, swap included: `512m`, `4g`, or a share of the engine's machine. `none`: no limit."""

    pids: int | None = Field(default=4096, ge=16)
    """Processes and threads of each step and service. `none`: no limit."""

    reach_server: bool = False
    """Whether steps may ask this server: its pages, its API and the repositories it serves. See docs/steps.md for what
    else is on the machine."""

    @field_validator("memory", "pids", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" else value

    @field_validator("memory")
    @classmethod
    def _an_amount(cls, written: str | None) -> str | None:
        if written is not None:
            capabilities.memory(written, 0)
        return written


class Secrets(_Group):
    """Where secret values come from."""

    identities: Path | None = None
    """Folder whose `identities/APP.txt` hold the apps' age identities, which open their encrypted files. None: the
    data folder."""


class Log(_Group):
    """The server's log, on standard error."""

    format: Form = Form.LOGFMT
    """`logfmt`: `event=run.ended app=shop status=passed`, for people and most collectors. `json`: an object a line."""


class Settings(_Placed, BaseSettings):
    """All settings of `sealane serve`."""

    model_config = SettingsConfigDict(
        env_prefix="SEALANE_",
        env_nested_delimiter="__",
        extra="ignore",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # some of it is secret
    )

    data: Path = Path("sealane-data")
    """Folder of everything the server keeps: database, key, repositories, logs. Back it up."""

    config: Path | None = None
    """Folder that holds `environments/*.yaml`, the operators' files. None: `config` in the data folder."""

    database: str | None = None
    """URL of a PostgreSQL database, `postgresql://user@host/name`, for more than one worker. None: SQLite in the data
    folder, which serves one process."""

    key: SecretStr | None = None
    """Key that signs cookies and makes hook secrets, at least 32 characters. None: made at first start and kept in
    the data folder; several machines on one database must be given the same."""

    http: Http = Field(default_factory=Http)
    access: Access = Field(default_factory=Access)
    git: Git = Field(default_factory=Git)
    registry: Registry = Field(default_factory=Registry)
    egress: Egress = Field(default_factory=Egress)
    runs: Runs = Field(default_factory=Runs)
    worker: Worker = Field(default_factory=Worker)
    events: Events = Field(default_factory=Events)
    metrics: Metrics = Field(default_factory=Metrics)
    engine: Engine = Field(default_factory=Engine)
    helm: Helm = Field(default_factory=Helm)
    steps: Steps = Field(default_factory=Steps)
    secrets: Secrets = Field(default_factory=Secrets)
    log: Log = Field(default_factory=Log)

    @field_validator("database")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", _SQLITE)):
            message = "must begin with postgresql:// (or sqlite:/// and a path)"
            raise ValueError(message)
        if url is not None and url.startswith(_SQLITE):
            return f"{_SQLITE}{paths.absolute(url.removeprefix(_SQLITE))}"
        return url

    @field_validator("key")
    @classmethod
    def _long_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 32:
            message = "is shorter than 32 characters; make one with: openssl rand -hex 32"
            raise ValueError(message)
        return key

    @property
    def config_folder(self) -> Path:
        """The folder that holds `environments/`."""
        return self.config or self.data / "config"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The server's own folders, whose place in the file system is nobody's business."""
        return (self.data, self.config_folder, self.identities)

    @property
    def repositories(self) -> Path:
        """The bare repositories that Sealane serves itself."""
        return self.data / "repositories"

    @property
    def identities(self) -> Path:
        """The folder with the apps' age identities."""
        return self.secrets.identities or self.data

    @property
    def logs(self) -> Path:
        """What steps print."""
        return self.data / "logs"

    @property
    def workspaces(self) -> Path:
        """The clones that runs work in."""
        return self.data / "workspaces"

    @property
    def public_url(self) -> str:
        """The address people use."""
        if self.http.url:
            return self.http.url
        host = "127.0.0.1" if self.http.host in {"0.0.0.0", "::"} else self.http.host  # noqa: S104 - compared only
        return f"http://{host}:{self.http.port}"

    @property
    def store_url(self) -> str:
        """URL of the database with Sealane's own tables."""
        return self.database or f"{_SQLITE}{self.data / 'sealane.db'}"

    @property
    def flows_url(self) -> str:
        """URL of the workflow engine's tables: the same PostgreSQL database, or a SQLite file of its own."""
        if self.store_url.startswith("sqlite:"):
            return self.store_url.removesuffix(".db") + "-flows.db"
        return self.store_url
