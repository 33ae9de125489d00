"""One watch connection: the server's changes as decoded values, until the server ends it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from sealane import typed_data
from sealane.clients.kubernetes import error_responses, errors, exchange, transport

T = TypeVar("T")

SERVER_SECONDS = 300
"""How long the server keeps a watch open; a random bit less, so that not all of them end at once."""


class _Frame(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Version(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Marked(msgspec.Struct):
    metadata: _Version


_frames = typed_data.json_decoder(_Frame)
_marks = typed_data.json_decoder(_Marked)
_statuses = typed_data.json_decoder(error_responses.Status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change(Generic[T]):
    """One change. A bookmark (`object` None) only moves the version to resume from."""

    version: str
    deleted: bool = False
    object: T | None = None


async def changes(
    connection: transport.Transport,
    path: str,
    decoder: msgspec.json.Decoder[T],
    *,
    since: str,
    query: dict[str, str] | None = None,
) -> AsyncIterator[Change[T]]:
    """All changes after the version `since`, until the server closes the watch.

    The first value is a bookmark at `since`: the watch is open. Raises Gone when the server no longer knows that
    version, whether it says so with HTTP 410 or in the stream.
    """
    seconds = int(SERVER_SECONDS * random.uniform(0.8, 1.0))  # noqa: S311 - spreads load
    asked = {
        **(query or {}),
        "watch": "1",
        "resourceVersion": since,
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(seconds),
    }
    call = exchange.Call(method="GET", path=path, query=asked)
    async with connection.stream(call, silence=seconds + 30.0) as chunks:
        yield Change(version=since)
        async for line in lines(chunks, str(call)):
            yield _change(line, decoder, call)


async def lines(chunks: AsyncIterator[bytes], request: str) -> AsyncIterator[bytes]:
    """Splits a stream at line ends. Raises ServerError if a line is longer than any object."""
    waiting: list[bytes] = []
    length = 0
    async for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        waiting.append(first)
        length = len(rest[-1]) if rest else length + len(first)
        if length > transport.LONGEST_ANSWER:
            raise errors.ServerError(f"{request}: a line has more than {transport.LONGEST_ANSWER // 1024**2} MiB")
        for part in rest:
            if line := b"".join(waiting):
                yield line
            waiting = [part]
    if line := b"".join(waiting):
        yield line


async def shortened(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[bytes]:
    """The stream with lines cut after so many bytes: programs may print forever without ending a line."""
    room = longest
    async for chunk in chunks:
        parts: list[bytes] = []
        for number, part in enumerate(chunk.split(b"\n")):
            room = longest if number else room
            parts.append(part[:room])
            room -= len(parts[-1])
        yield b"\n".join(parts)


def _change(line: bytes, decoder: msgspec.json.Decoder[T], call: exchange.Call) -> Change[T]:
    try:
        frame = _frames.decode(line)
        if frame.type == "ERROR":
            raise error_responses.of_status(
                _statuses.decode(frame.object), request=str(call), secret="/secrets" in call.path
            )
        version = _marks.decode(frame.object).metadata.resource_version
        if frame.type == "BOOKMARK":
            return Change(version=version)
        return Change(version=version, deleted=frame.type == "DELETED", object=decoder.decode(frame.object))
    except (ValueError, RecursionError) as error:
        # the connection broke within a line, or the data is invalid: resuming from the last version is right
        raise errors.Unreachable(f"{call}: a change could not be read: {error}") from error
