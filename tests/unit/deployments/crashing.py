"""A journal of a process that dies, again and again, after which its story is told from the beginning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from sealane import journal
from sealane.errors import SealaneError
from sealane.journal import Broken, Journal

P = ParamSpec("P")
T = TypeVar("T")


class Died(BaseException):
    """The process is gone: nothing in a story may catch it."""


@dataclass
class Crashing:
    """Keeps what came of each step as plain data, and dies once at each boundary: begun, done, recorded."""

    kept: list[Any] = field(default_factory=list)
    died: set[tuple[int, str]] = field(default_factory=set)
    place: int = 0

    async def step(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Does the body unless it is recorded; what is given is always what was recorded."""
        if self.place == len(self.kept):
            self._boundary("begun")
            try:
                value = {"value": journal.packed(await body(*args, **kwargs), body)}
            except SealaneError as error:
                value = {"broken": f"{name}: {error}"}
            self._boundary("done")
            self.kept.append(value)
            self._boundary("recorded")
        kept = self.kept[self.place]
        self.place += 1
        if "broken" in kept:
            raise Broken(kept["broken"])
        return journal.unpacked(kept["value"], body)

    def side_by_side(self, _names: Iterable[str]) -> Journal:
        """Itself: a deployment's steps come one after the other."""
        return self

    async def through(self, story: Callable[[], Awaitable[T]]) -> T:
        """Tells the story again from its beginning, until nobody dies any more."""
        while True:
            self.place = 0
            try:
                return await story()
            except Died:
                continue

    def _boundary(self, kind: str) -> None:
        boundary = (self.place, kind)
        if boundary not in self.died:
            self.died.add(boundary)
            raise Died
