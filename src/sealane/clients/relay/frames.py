"""What a server and a relay say to each other, as MessagePack in the binary messages of one WebSocket. Pure.

Each call has a number of the server's. A call that may change something is carried out in two steps: the relay says that
it has it (`Ready`), and does nothing before the server says that it still wants it (`Go`). So a message that lay in
some buffer while the line was cut changes nothing when it arrives.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from sealane import typed_data

PROTOCOL = 1
WINDOW = 1024 * 1024
"""Bytes of an answer that may be on their way; the reader gives credit for what it has read."""
GO_WITHIN = 10.0
"""Seconds after which a call that may change something is not wanted any more: whoever asked may have been replaced."""
PIECE = 128 * 1024
"""Bytes of an answer in one message, so that a long one does not keep others waiting."""
LONGEST_TYPE = 1024
LONGEST_WORDS = 4096
"""Characters of a message about a failure, and of its hint."""
LONGEST_PAUSE = 86_400.0
"""Seconds for which an API server may ask to be left alone."""
_LONGEST_REASON = 123
"""Bytes of a reason that a message of the end may have (RFC 6455, 5.5)."""

# What a relay says is shown to administrators and kept: whoever has its token may have another program say it.
Version = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9A-Za-z.!+_-]*\Z")]
Process = Annotated[str, msgspec.Meta(max_length=200)]
ContentType = Annotated[str, msgspec.Meta(max_length=LONGEST_TYPE)]
Status = Annotated[int, msgspec.Meta(ge=100, le=599)]
Pause = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_PAUSE)]
Words = Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)]

# What a server asks goes to the API server with the relay's rights: nothing of it may lead anywhere else.
Method = Annotated[str, msgspec.Meta(pattern=r"^(GET|HEAD|POST|PUT|PATCH|DELETE)\Z")]
CallPath = Annotated[str, msgspec.Meta(max_length=4096, pattern=r"^/")]


class Frame(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Base of all messages."""


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    """The relay's first message."""

    protocol: int
    version: Version
    connected: Annotated[tuple[Process, ...], msgspec.Meta(max_length=1000)] = ()
    """Processes of the server that it is connected to already: each of them says who it is, and ends this one."""


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    """The server's answer: which of its processes it is."""

    process: str
    relay: str
    alone: bool
    """Whether the server has no other process."""


class Ask(Frame, frozen=True, kw_only=True, tag="ask"):
    """A call. `changes`: it waits for `Go`. Seconds as in `exchange.Limits`."""

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
    """So many bytes of the answer were read."""

    id: int
    bytes: int


class Cancel(Frame, frozen=True, kw_only=True, tag="cancel"):
    """Nobody waits for the answer any more."""

    id: int


class Ready(Frame, frozen=True, kw_only=True, tag="ready"):
    """The call is here, and waits for `Go`."""

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
    """The answer is whole."""

    id: int


class Failed(Frame, frozen=True, kw_only=True, tag="failed"):
    """There is no answer, or no more of it. `sent`: the call may have reached the API server; `retry`: it may yet answer."""

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
    """The other side says something that is no message of this protocol."""


def encode(frame: ToRelay | ToServer) -> bytes:
    """The message as it is sent."""
    return _encoder.encode(frame)


def close_reason(reason: str) -> str:
    """The reason as the message of the end may say it: cut off between two characters where it is too long."""
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


def to_relay(data: bytes) -> ToRelay:
    """A server's message. Raises Garbled."""
    try:
        return _to_relay.decode(data)
    except (ValueError, RecursionError) as error:  # ValueError: bytes that are no text, too
        raise Garbled(str(error)) from error


def to_server(data: bytes) -> ToServer:
    """A relay's message. Raises Garbled."""
    try:
        return _to_server.decode(data)
    except (ValueError, RecursionError) as error:  # ValueError: bytes that are no text, too
        raise Garbled(str(error)) from error
