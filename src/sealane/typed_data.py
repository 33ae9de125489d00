"""Plain data read as the types that the code uses; the only place that asks msgspec for a type. Pure.

The first time, msgspec builds what it knows of a class step by step and shows the unfinished part to other threads, which
end the process with a segmentation fault (msgspec 0.22: two threads that convert to the same dataclass for the first time).
Hence types are built one at a time, and nobody uses one that is not finished.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_one_at_a_time = threading.Lock()
_finished: set[Any] = set()
"""Types that msgspec knows whole. The library keeps them for the process, and so does this."""


def convert(data: object, kind: type[T]) -> T:
    """Plain data (of JSON) as a value of the type. Raises msgspec.ValidationError."""
    _finish(kind)
    return msgspec.convert(data, kind)


def from_json(text: bytes | str, kind: type[T]) -> T:
    """A JSON text as a value of the type. Raises msgspec.DecodeError, and msgspec.ValidationError for another type's."""
    _finish(kind)
    return msgspec.json.decode(text, type=kind)


def json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Reads many JSON texts of one type."""
    with _one_at_a_time:
        return msgspec.json.Decoder(kind)


def msgpack_decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Reads many messages of one type, which may be a union."""
    with _one_at_a_time:
        return msgspec.msgpack.Decoder(kind)


def _finish(kind: Any) -> None:
    if kind in _finished:
        return
    with _one_at_a_time:
        if kind not in _finished:
            msgspec.json.Decoder(kind)
            _finished.add(kind)
