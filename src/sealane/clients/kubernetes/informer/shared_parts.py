"""Keeps equal parts once: pods of one workload only differ in names, times and addresses."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def shared(value: T, like: T) -> T:
    """A value equal to the given one, with equal parts taken from `like`. Values of two types share nothing."""
    if value is like or type(value) is not type(like):
        return value
    if isinstance(value, msgspec.Struct):
        merged: T = _struct(value, like)
        return merged
    if isinstance(value, tuple) and isinstance(like, tuple) and len(value) == len(like):
        pairs = zip(value, like, strict=True)
        return like if value == like else tuple(shared(part, other) for part, other in pairs)  # type: ignore[return-value]
    return like if value == like else value


def _struct(value: Any, like: Any) -> Any:
    """Goes field by field: comparing whole structs first would compare the differing parts at every level."""
    parts, differs = {}, False
    for name in value.__struct_fields__:
        own, other = getattr(value, name), getattr(like, name)
        part = shared(own, other)
        differs |= part is not other
        if part is not own:
            parts[name] = part
    if not differs:
        return like
    return msgspec.structs.replace(value, **parts) if parts else value
