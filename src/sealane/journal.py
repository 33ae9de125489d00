"""The journal of a story: runs its steps one by one or side by side, and keeps the result of each.

A story is an async function that decides and waits; the bodies of its steps do the work. When it runs again with the same
journal, it takes the same path and gets the kept results of the steps that are done. `Plain` keeps nothing, for a story
that lives no longer than its process; the durable journal of a server is `sealane.workflows.durable.Durable`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ParamSpec, Protocol, TypeVar, get_args, get_type_hints

import msgspec
import msgspec.inspect

from sealane import typed_data
from sealane.errors import Fenced, SealaneError

P = ParamSpec("P")
T = TypeVar("T")


class Broken(SealaneError):
    """A step could not be done, and the user is not to blame."""


class Journal(Protocol):
    """Runs the steps of one story, each at its own place."""

    async def step(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs the body at the story's next place, or returns its kept result. Raises Broken.

        A body may run again when its result was not kept yet. The result has the type that the body's signature declares.
        """

    def side_by_side(self, names: Iterable[str]) -> Journal:
        """The same journal with a place kept for each name, for steps that begin in any order."""


class Plain:
    """Runs each step once and keeps nothing."""

    async def step(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs the body. Raises Broken when Sealane, an engine or a cluster failed."""
        try:
            return await body(*args, **kwargs)
        except Fenced:
            raise
        except SealaneError as error:
            raise Broken(str(error)) from error

    def side_by_side(self, names: Iterable[str]) -> Journal:
        """The journal itself: it keeps nothing, so it needs no places."""
        return self


def packed(value: Any, body: Callable[..., Any]) -> Any:
    """The result of a body as plain data to keep. Raises TypeError for a type that may hold a secret."""
    _result(body)
    return msgspec.to_builtins(value)


def unpacked(data: Any, body: Callable[..., Awaitable[T]]) -> T:
    """What a body gave, from the plain data that was kept of it."""
    value: T = typed_data.convert(data, _result(body))
    return value


def _result(body: Callable[..., Any]) -> Any:
    """The type of a body's result."""
    inner = body.func if isinstance(body, functools.partial) else body
    return _checked(getattr(inner, "__func__", inner))


@functools.cache
def _checked(function: Callable[..., Any]) -> Any:
    returned = get_type_hints(function).get("return")
    if secret := _secret_in(returned, set()):
        message = f"{function.__qualname__} gives {secret}, which is not shown and so must not be kept"
        raise TypeError(message)
    return returned


def _secret_in(kind: Any, seen: set[Any]) -> str | None:
    """The first field that is left out of `repr`, which marks a secret, or whose type is not plain data."""
    if kind in seen:
        return None
    seen.add(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hidden = next((field.name for field in dataclasses.fields(kind) if not field.repr), None)
        if hidden:
            return f"{kind.__name__}.{hidden}"
        hints = get_type_hints(kind)
        return next((secret for hint in hints.values() if (secret := _secret_in(hint, seen))), None)
    if isinstance(kind, type) and isinstance(msgspec.inspect.type_info(kind), msgspec.inspect.CustomType):
        return kind.__name__  # such as the value of a secret: not plain data
    return next((secret for arg in get_args(kind) if (secret := _secret_in(arg, seen))), None)
