"""Builds and pushes of images over the Docker Engine API, Docker's or Podman's.

Secrets of a build are mounted (`RUN --mount=type=secret,id=NAME`), never in a layer, argument or label. Podman's engine
takes them beside the context and moves them out of it before the build begins; Docker's only accepts them through a
BuildKit session, which this client does not speak: it reports that instead of building without them.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import docker.auth
import docker.errors
import requests
import urllib3.exceptions

from sealane.clients import build_context, build_sources
from sealane.clients.build_sources import Fetching
from sealane.clients.engine import dialect
from sealane.errors import Refused, SealaneError, Unavailable, UsageError
from sealane.images.references import Reference

Sink = Callable[[bytes], None]
"""Takes the engine's output as it comes; called from another thread."""

PATIENCE = 3600.0
_ANSWERING = 60
"""Seconds within which a busy engine says what it is."""
_MOUNTED = ".sealane-build-mount-{}"
_GONE_OR_IN_USE = {404, 409}
_NOBODY = b"e30="
"""Pushes without signing in: `{}`, the same as Docker's own client; its engine requires the header."""


class BuildFailed(SealaneError):
    """The Dockerfile's own commands failed; the log says why."""

    http_status = 422
    exit_code = 1


class EngineCouldNot(Unavailable):
    """The engine did not answer, or could not build or push."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """One build: its sources, and the name of its result."""

    source: build_context.Source
    target: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    name: str
    """`host/path:tag` of the result."""
    fetching: Fetching = build_sources.OPEN
    """Where the engine may fetch the Dockerfile's images and URLs from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Open:
    """An open engine. Any, because the stubs of APIClient lack the calls made here."""

    api: Any
    podman: bool


async def build(base_url: str, request: Build, sink: Sink, *, within: float = PATIENCE) -> str:
    """Builds the image and returns the engine's id of it.

    Raises BuildFailed for failures of the Dockerfile, EngineCouldNot for the engine and for a build that takes longer
    than `within` seconds, UsageError for the context, NotListed for an image that the engine may not fetch.
    """
    return await asyncio.to_thread(lambda: _build(base_url, request, sink, within))


async def push(base_url: str, reference: Reference, sink: Sink, *, within: float = PATIENCE) -> None:
    """Pushes a built image to the registry in its name, within so many seconds. Raises EngineCouldNot, Refused."""
    await asyncio.to_thread(lambda: _push(base_url, reference, sink, within))


async def tags(base_url: str, repository: str) -> list[str]:
    """The tags of a repository's images in the engine, in order. Raises EngineCouldNot."""
    return await asyncio.to_thread(lambda: _tags(base_url, repository))


async def forget(base_url: str, repository: str, unwanted: Collection[str]) -> None:
    """Removes the engine's own images of these tags. Images in use stay. Raises EngineCouldNot."""
    await asyncio.to_thread(lambda: _forget(base_url, repository, unwanted))


_LISTINGS = 3
"""How often a failed list is tried again."""
_TIMEOUTS = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
_FAILED_REQUESTS = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError)
"""Reading a stream raises the errors of the underlying library."""


@contextmanager
def _engine(base_url: str, within: float = PATIENCE) -> Iterator[_Open]:
    path = base_url.removeprefix("unix://")
    if path != base_url and not Path(path).is_socket():
        raise EngineCouldNot(f"no container engine listens at {path}", hint="start Docker or Podman's socket service")
    spoken = _asked(base_url)
    api = docker.APIClient(base_url=base_url, version=spoken.version, timeout=max(1, round(within)))
    try:
        yield _Open(api=api, podman=spoken.podman)
    except docker.errors.APIError as error:
        raise EngineCouldNot(_said(error)) from error
    except _TIMEOUTS as error:
        raise _too_long(within) from error
    except _FAILED_REQUESTS as error:
        raise EngineCouldNot(f"the container engine at {base_url} went away in the middle of its work") from error
    finally:
        api.close()


def _asked(base_url: str) -> dialect.Dialect:
    try:
        api = docker.APIClient(base_url=base_url, version=dialect.OLDEST, timeout=_ANSWERING)
        with closing(api):
            spoken = dialect.of(api.get(f"{api.base_url}/_ping"))
    except (docker.errors.DockerException, *_FAILED_REQUESTS) as error:
        raise EngineCouldNot(f"no container engine answers at {base_url}: {error}") from error
    if isinstance(spoken, str):
        raise EngineCouldNot(f"no container engine answers at {base_url}: {spoken}")
    return spoken


def _said(error: docker.errors.APIError) -> str:
    """An engine's message; some only answer with a status."""
    if error.explanation or error.response is None:
        return f"the container engine says: {error.explanation or error}"
    return f"the container engine answered {error.response.status_code} and did not say why; its own log may"


def _build(base_url: str, request: Build, sink: Sink, within: float) -> str:
    with _engine(base_url, within) as engine, tempfile.TemporaryFile() as archive:
        api, podman = engine.api, engine.podman
        if request.secrets and not podman:
            message = (
                f"image {request.name} wants secrets in its build, which this engine takes only from BuildKit's client"
            )
            raise UsageError(message, hint="use Podman's engine socket for builds with secrets")
        files = {_MOUNTED.format(number): value for number, value in enumerate(request.secrets.values())}
        limited = request.fetching.pulls.allowed is not None
        dockerfile, text = build_context.pack(request.source, files, archive, podman=podman, apart=limited)
        build_sources.check(api, request.fetching, text.decode(errors="replace"), request.args, podman=podman)
        params = {
            "t": request.name,
            "dockerfile": dockerfile,
            "buildargs": json.dumps(dict(request.args)),
            "labels": json.dumps(dict(request.labels)),
            "target": request.target or "",
            "rm": True,
            "forcerm": True,
            "secrets": json.dumps([f"id={name},src={file}" for name, file in zip(request.secrets, files, strict=True)]),
        }
        params = {name: value for name, value in params.items() if value not in {"", "[]"}}
        headers = {"Content-Type": "application/x-tar"}
        answer = api._post(api._url("/build"), data=archive, params=params, headers=headers, stream=True)  # noqa: SLF001 - the SDK's own build() can't send secrets
        _follow(api, answer, sink, BuildFailed, within)
        return str(api.inspect_image(request.name)["Id"])


def _push(base_url: str, reference: Reference, sink: Sink, within: float) -> None:
    with _engine(base_url, within) as engine:
        api = engine.api
        headers = docker.auth.get_config_header(api, reference.host) or _NOBODY
        params = {"tag": reference.tag or "latest", "tlsVerify": "false" if reference.insecure else "true"}
        url = api._url("/images/{0}/push", reference.repository)  # noqa: SLF001 - the SDK's push() can't say tlsVerify
        answer = api._post(url, params=params, headers={"X-Registry-Auth": headers}, stream=True)  # noqa: SLF001
        _follow(api, answer, sink, _push_error, within)


def _tags(base_url: str, repository: str) -> list[str]:
    with _engine(base_url) as engine:
        named = [name for image in _listed(engine.api, repository) for name in image.get("RepoTags") or ()]
    return sorted(name.removeprefix(f"{repository}:") for name in named if name.startswith(f"{repository}:"))


def _listed(api: Any, repository: str) -> list[dict[str, Any]]:
    """Lists again on failure: Podman reads every image, and fails if somebody removes one meanwhile."""
    for _ in range(_LISTINGS):
        try:
            return list(api.images(name=repository))
        except docker.errors.APIError as error:
            if not error.is_server_error():
                raise
    return list(api.images(name=repository))


def _forget(base_url: str, repository: str, unwanted: Collection[str]) -> None:
    with _engine(base_url) as engine:
        for tag in unwanted:
            try:
                engine.api.remove_image(f"{repository}:{tag}")
            except docker.errors.APIError as error:
                if error.status_code not in _GONE_OR_IN_USE:
                    raise


def _push_error(message: str) -> SealaneError:
    denied = any(word in message.lower() for word in ("denied", "unauthorized", "authentication required"))
    return Refused(f"the registry refuses the image: {message}") if denied else EngineCouldNot(message)


def _follow(
    api: Any, answer: requests.Response, sink: Sink, error: Callable[[str], SealaneError], within: float
) -> None:
    """Passes on the engine's output; stops at its first error or at the time limit."""
    with closing(answer), _cut_after(within, answer) as is_cut:
        api._raise_for_status(answer)  # noqa: SLF001
        try:
            for report in api._stream_helper(answer, decode=True):  # noqa: SLF001
                if problem := report.get("error"):
                    sink(f"{problem}\n".encode())
                    raise error(str(problem).strip())
                if text := report.get("stream") or report.get("status"):
                    sink(text.encode() if text.endswith("\n") else f"{text}\n".encode())
        except _FAILED_REQUESTS as gone:
            if is_cut():
                raise _too_long(within) from gone
            raise
        if is_cut():
            raise _too_long(within)


@contextmanager
def _cut_after(seconds: float, answer: requests.Response) -> Iterator[Callable[[], bool]]:
    """Closes the connection at the time limit, which also ends a waiting read; yields whether it did."""
    cut = threading.Event()
    with ExitStack() as stack:
        # The timer's own descriptor: the reader's may be closed, or another file's, when the time is over.
        descriptor = None if answer.raw.closed else os.dup(answer.raw.fileno())
        connection = stack.enter_context(socket.socket(fileno=descriptor)) if descriptor is not None else None

        def hang_up() -> None:
            cut.set()
            if connection is not None:
                with suppress(OSError):  # it has ended meanwhile
                    connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, hang_up)
        timer.daemon = True
        timer.start()
        stack.callback(timer.cancel)
        yield cut.is_set


def _too_long(within: float) -> EngineCouldNot:
    message = f"the container engine took longer than {within:g} s to build or push the image"
    return EngineCouldNot(message, hint="see SEALANE_ENGINE__BUILD_PATIENCE")
