"""The messages between a server and a relay: MessagePack in the binary messages of one WebSocket. Pure.

The server numbers each call. A call that may change something takes two steps: the relay reports that it has the call
(`Ready`), and does nothing before the server confirms it (`Go`). So a message from a buffer, late after a broken
connection, changes nothing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from sealane import typed_data

PROTOCOL = 1
WINDOW = 1024 * 1024
"""Most bytes of an answer in transit; the reader gives credit for what it has read."""
GO_WITHIN = 10.0
"""Seconds after which a call that may change something is dropped: its caller may have been replaced."""
PIECE = 128 * 1024
"""Most bytes of an answer in one message, so that a long one does not delay others."""
LONGEST_TYPE = 1024
LONGEST_WORDS = 4096
"""Most characters of a failure's message, and of its hint."""
LONGEST_PAUSE = 86_400.0
"""Most seconds of a pause that an API server may ask for."""
_LONGEST_REASON = 123
"""Most bytes of a close message's reason (RFC 6455, 5.5)."""

# A relay's messages are shown to administrators and kept: anybody with its token may use another program to send them.
Version = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9A-Za-z.!+_-]*\Z")]
Process = Annotated[str, msgspec.Meta(max_length=200)]
ContentType = Annotated[str, msgspec.Meta(max_length=LONGEST_TYPE)]
Status = Annotated[int, msgspec.Meta(ge=100, le=599)]
Pause = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_PAUSE)]
Words = Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)]

# A server's call goes to the API server with the relay's rights: nothing in it may lead anywhere else.
Method = Annotated[str, msgspec.Meta(pattern=r"^(GET|HEAD|POST|PUT|PATCH|DELETE)\Z")]
CallPath = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"^/")]


class Frame(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Base of all messages."""


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    """The relay's first message."""

    protocol: int
    version: Version
    connected: Annotated[tuple[Process, ...], msgspec.Meta(max_length=1000)] = ()
    """Server processes that it is already connected to: any of them sends its name and closes this connection."""


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    """The server's answer: the name of its process."""

    process: str
    relay: str
    alone: bool
    """Whether the server has only this process."""


class Ask(Frame, frozen=True, kw_only=True, tag="ask"):
    """A call. `changes`: it waits for `Go`. Seconds like in `exchange.Limits`."""

    id: int
    method: Method
    path: CallPath
    query: dict[str, str]
    body: bytes | None
    content_type: str
    accept: str
    changes: bool
    total: float | None
    silence: float | None


class Go(Frame, frozen=True, kw_only=True, tag="go"):
    """The call is still wanted."""

    id: int


class Credit(Frame, frozen=True, kw_only=True, tag="credit"):
    """So many bytes of the answer have been read."""

    id: int
    bytes: int


class Cancel(Frame, frozen=True, kw_only=True, tag="cancel"):
    """Nobody waits for the answer any more."""

    id: int


class Ready(Frame, frozen=True, kw_only=True, tag="ready"):
    """The call has arrived and waits for `Go`."""

    id: int


class Head(Frame, frozen=True, kw_only=True, tag="head"):
    """The answer begins."""

    id: int
    status: Status
    content_type: ContentType
    retry_after: Pause | None


class Chunk(Frame, frozen=True, kw_only=True, tag="chunk"):
    """A piece of the answer."""

    id: int
    data: bytes


class End(Frame, frozen=True, kw_only=True, tag="end"):
    """The answer is complete."""

    id: int


class Failed(Frame, frozen=True, kw_only=True, tag="failed"):
    """No answer, or no more of it. `sent`: the call may have reached the API server; `retry`: it may answer later."""

    id: int
    message: Words
    hint: Words | None
    sent: bool
    retry: bool


ToRelay = Welcome | Ask | Go | Credit | Cancel
ToServer = Hello | Ready | Head | Chunk | End | Failed
Answers = Ready | Head | Chunk | End | Failed

_encoder = msgspec.msgpack.Encoder()
_to_relay: msgspec.msgpack.Decoder[ToRelay] = typed_data.msgpack_decoder(ToRelay)
_to_server: msgspec.msgpack.Decoder[ToServer] = typed_data.msgpack_decoder(ToServer)


class Garbled(Exception):
    """The other side sent something that is not a message of this protocol."""


def encode(frame: ToRelay | ToServer) -> bytes:
    """The message in encoded form."""
    return _encoder.encode(frame)


def close_reason(reason: str) -> str:
    """The reason as a close message allows it: if it is too long, cut between two characters."""
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


def to_relay(data: bytes) -> ToRelay:
    """Decodes a server's message. Raises Garbled."""
    try:
        return _to_relay.decode(data)
    except (ValueError, RecursionError) as error:  # ValueError: also bytes that are not text
        raise Garbled(str(error)) from error


def to_server(data: bytes) -> ToServer:
    """Decodes a relay's message. Raises Garbled."""
    try:
        return _to_server.decode(data)
    except (ValueError, RecursionError) as error:  # ValueError: also bytes that are not text
        raise Garbled(str(error)) from error
