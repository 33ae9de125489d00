"""What an engine may fetch for a build, looked at before it begins: images, URLs of ADD, and what bases add by ONBUILD.

The engine fetches both from the machine's own network, loopback included, unlike what a RUN asks from its container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import docker.errors

from sealane.clients import addresses, registry, registry_access
from sealane.clients.addresses import NotListed
from sealane.clients.engine import pulls
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist
from sealane.errors import SealaneError, UsageError
from sealane.images import base_images, references
from sealane.images.base_images import Base, Needs

_PORTS = {"http": 80, "https": 443}
_HINT = "fetch it in a RUN, or operators list its host in SEALANE_ENGINE__ADD_HOSTS"


def _none(_: str) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetching:
    """Where an engine may fetch from for a build."""

    pulls: RegistryAccess = registry_access.OPEN
    """Registries of images; on a person's own machine any, and then nothing else is limited."""
    adds: Allowlist | None = None
    """Hosts of URLs that ADD names; None where anything is limited: no host."""
    problem: Callable[[str], str | None] = _none
    """Why a build may not take from an image, or None; asked in the build's own thread."""


OPEN = Fetching()
"""A person's own machine."""


def check(api: Any, fetching: Fetching, dockerfile: str, args: Mapping[str, str], *, podman: bool) -> None:
    """Fetches the images that something is built on and reads what they hand on. Blocks.

    Raises NotListed and UsageError for what may not be fetched, what `docker` raises, and what a registry does.
    """
    if fetching.pulls.allowed is None:
        return
    plain = base_images.needs(dockerfile, args)
    for url in plain.urls:
        if "$" not in url:  # a base may say what else it stands for
            _check_url(url, fetching.adds, "")
    for image in plain.images:
        _check_image(api, image, fetching)
    known = {}
    for image, platform in plain.bases.items():
        if platform or not _is_there(api, image):
            fetching.pulls.check_pull(image)
            _pull(api, image, platform, podman=podman)
        known[image] = _base(api, image, fetching, podman=podman)
    whole = base_images.needs(dockerfile, args, known)
    _check_inherited(api, fetching, plain, whole)


def _check_inherited(api: Any, fetching: Fetching, plain: Needs, whole: Needs) -> None:
    """What is fetched because of a base: by what it left with ONBUILD, and by its variables."""
    by = ", which an image that it is built on has a say in,"
    for url in whole.urls:
        if url not in plain.urls or "$" in url:
            _check_url(url, fetching.adds, by)
    for image in whole.images:
        if image not in plain.images:
            if reason := fetching.problem(image):
                raise UsageError(f"--from={image}{by} can't be used: {reason}")
            _check_image(api, image, fetching)


def _is_there(api: Any, image: str) -> bool:
    try:
        api.inspect_image(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _check_image(api: Any, image: str, fetching: Fetching) -> None:
    if not _is_there(api, image):
        fetching.pulls.check_pull(image)


def _check_url(url: str, adds: Allowlist | None, by: str) -> None:
    shown = url[:200]
    if "$" in url:
        raise UsageError(f"what ADD {shown}{by} stands for can't be known before the build", hint=_HINT)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise UsageError(f"ADD {shown}{by} is by neither HTTPS nor HTTP", hint=_HINT)
    allowed = adds or Allowlist(hosts=(), listed_in="SEALANE_ENGINE__ADD_HOSTS")
    try:
        addresses.look_up(host, port, allowed)
    except NotListed as error:
        raise NotListed(f"ADD {shown}{by} can't be fetched: {error.message}", hint=_HINT) from error
    except OSError:  # the engine may know the name
        return


def _pull(api: Any, image: str, platform: str, *, podman: bool) -> None:
    """Now, so that what it hands on is known. Raises what the engine says."""
    asked = pulls.request(api, image, podman=podman, platform=platform)
    url = api._url(asked.path)  # noqa: SLF001 - the SDK's own pull() can't say tlsVerify
    answer = api._post(url, params=asked.query, headers=asked.headers, stream=True)  # noqa: SLF001
    api._raise_for_status(answer)  # noqa: SLF001
    for said in api._stream_helper(answer, decode=True):  # noqa: SLF001
        if problem := said.get("error"):
            raise UsageError(f"image {image} can't be fetched: {str(problem).strip()}")


def _base(api: Any, image: str, fetching: Fetching, *, podman: bool) -> Base:
    found = api.inspect_image(image)
    config = found.get("Config") or {}
    pairs = (each.partition("=") for each in config.get("Env") or ())
    triggers = config.get("OnBuild") or ()
    if podman:
        triggers = _asked(image, found, fetching.pulls)
    return Base(environment={name: value for name, _, value in pairs}, triggers=tuple(map(str, triggers)))


def _asked(image: str, found: Mapping[str, Any], pulls: RegistryAccess) -> tuple[Any, ...]:
    """Podman does not tell of triggers: the registry has the configuration, whose digest is the image's id.

    One that was built or loaded here is in no registry, and then whoever did that answers for it.
    """
    digest = f"sha256:{str(found['Id']).removeprefix('sha256:')}"
    for name in (image, *(found.get("RepoDigests") or ())):
        try:
            config = registry.config(references.parse(name.partition("@")[0]), digest, pulls)
        except (SealaneError, ValueError):
            continue
        return tuple((config.get("config") or {}).get("OnBuild") or ())
    return ()
