"""Checks what an engine fetches for a build before it begins: images, URLs of ADD, and what bases add by ONBUILD.

The engine fetches images and URLs from the machine's own network, loopback included, unlike a RUN, whose requests come
from its container.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import docker.errors
import httpx

from sealane.clients import addresses, registry, registry_access
from sealane.clients.addresses import NotListed
from sealane.clients.engine import pulls
from sealane.clients.pinned import PinnedTransport
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist
from sealane.errors import SealaneError, UsageError
from sealane.images import base_images, references
from sealane.images.base_images import Base, Needs

_PORTS = {"http": 80, "https": 443}
_CONFIGURATION = re.compile(r"[0-9a-f]{64}\.json")
_AT_ONCE = 2 * 1024 * 1024
"""Bytes of an archive per read."""
_HOPS, _SILENCE = 10, 20.0
"""Most redirects to follow, and most seconds of a host's silence."""
_HINT = "fetch it in a RUN, or operators list its host in SEALANE_ENGINE__ADD_HOSTS"


def _none(_: str) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetching:
    """Where an engine may fetch from for a build."""

    pulls: RegistryAccess = registry_access.OPEN
    """Registries of images; on a person's own machine any, and then nothing else is limited."""
    adds: Allowlist | None = None
    """Hosts for URLs in ADD; None: no host, if anything is limited."""
    problem: Callable[[str], str | None] = _none
    """Why a build may not use an image, or None; called in the build's own thread."""


OPEN = Fetching()
"""The access on a person's own machine."""


def check(api: Any, fetching: Fetching, dockerfile: str, args: Mapping[str, str], *, podman: bool) -> None:
    """Fetches the base images and checks what they pass on to the build. Blocks.

    Raises NotListed and UsageError for what may not be fetched, and the errors of `docker` and of registries.
    """
    if fetching.pulls.allowed is None:
        return
    plain = base_images.needs(dockerfile, args)
    for url in plain.urls:
        if "$" not in url:  # a base may define the variable
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
    """Checks what a build fetches because of a base: its ONBUILD instructions and its variables."""
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
    try:
        asyncio.run(_follow(url, allowed))
    except NotListed as error:
        raise NotListed(
            f"ADD {shown}{by} can't be fetched: it leads elsewhere, and {error.message}", hint=_HINT
        ) from error


async def _follow(url: str, allowed: Allowlist) -> None:
    """Requests the URL like the engine will, and follows redirects; the engine would follow them anywhere.

    Raises NotListed. The engine reports all other problems of the URL.
    """
    asking = httpx.AsyncClient(
        transport=PinnedTransport(allowed),
        follow_redirects=True,
        max_redirects=_HOPS,
        timeout=_SILENCE,
        trust_env=False,
    )
    with suppress(httpx.HTTPError, httpx.InvalidURL, OSError):
        async with asking as client, client.stream("GET", url):
            pass


def _pull(api: Any, image: str, platform: str, *, podman: bool) -> None:
    """Pulls the image now, to learn what it passes on. Raises the engine's errors."""
    asked = pulls.request(api, image, podman=podman, platform=platform)
    url = api._url(asked.path)  # noqa: SLF001 - the SDK's own pull() can't say tlsVerify
    answer = api._post(url, params=asked.query, headers=asked.headers, stream=True)  # noqa: SLF001
    api._raise_for_status(answer)  # noqa: SLF001
    for report in api._stream_helper(answer, decode=True):  # noqa: SLF001
        if problem := report.get("error"):
            raise UsageError(f"image {image} can't be fetched: {str(problem).strip()}")


def _base(api: Any, image: str, fetching: Fetching, *, podman: bool) -> Base:
    inspected = api.inspect_image(image)
    config = inspected.get("Config") or {}
    pairs = (variable.partition("=") for variable in config.get("Env") or ())
    triggers = config.get("OnBuild") or ()
    if podman:
        triggers = _asked(api, image, inspected, fetching.pulls)
    return Base(environment={name: value for name, _, value in pairs}, triggers=tuple(map(str, triggers)))


def _asked(api: Any, image: str, inspected: Mapping[str, Any], pulls: RegistryAccess) -> tuple[Any, ...]:
    """Podman does not report triggers: the registry has the configuration, whose digest is the image's id.

    An image that was built or loaded here, and is in no registry, is exported from the engine: its archive has it, too.
    """
    digest = f"sha256:{str(inspected['Id']).removeprefix('sha256:')}"
    for name in (image, *(inspected.get("RepoDigests") or ())):
        try:
            config = registry.config(references.parse(name.partition("@")[0]), digest, pulls)
        except (SealaneError, ValueError):
            continue
        return tuple((config.get("config") or {}).get("OnBuild") or ())
    return _saved(api, image)


def _saved(api: Any, image: str) -> tuple[Any, ...]:
    """The image's triggers in the engine's archive: the configuration is a file at the top, named by its digest."""
    with tarfile.open(fileobj=_Pieces(api.get_image(image)), mode="r|", bufsize=_AT_ONCE) as archive:
        for member in archive:
            if _CONFIGURATION.fullmatch(member.name) and (file := archive.extractfile(member)) is not None:
                return tuple((json.load(file).get("config") or {}).get("OnBuild") or ())
    raise UsageError(
        f"what the image {image} left by ONBUILD can't be known before the build", hint="push it to a registry"
    )


class _Pieces(io.RawIOBase):
    """A stream of pieces, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; fewer at the end."""
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        given, self._rest = self._rest[:size], self._rest[size:]
        return given
