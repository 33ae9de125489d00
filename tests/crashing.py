"""A journal whose teller dies at a boundary of a step, and whose story is told again by somebody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from sealane import journal
from sealane.errors import SealaneError
from sealane.journal import Broken

P = ParamSpec("P")
T = TypeVar("T")

BOUNDARIES = 3
"""Of a step: before it, after it, and once what came of it is kept."""


class Crash(BaseException):
    """The teller is dead."""


class Crashing:
    """Keeps what came of steps, by their names; `at` says at the how manieth boundary its teller dies.

    A body that was under way goes on, as that of a worker does which only seemed dead; nothing is kept of it any more.
    """

    def __init__(self, kept: dict[str, Any], *, at: int | None) -> None:
        self.kept = kept
        self.passed = 0
        self._at = at
        self._dead = False
        self._told: Counter[str] = Counter()
        self.bodies: list[asyncio.Task[Any]] = []

    async def step(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._told[name] += 1
        place = f"{name} {self._told[name]}"
        if place not in self.kept:
            self._boundary()
            doing = asyncio.create_task(_outcome(body, *args, **kwargs))
            self.bodies.append(doing)
            outcome = await asyncio.shield(doing)
            self._boundary()
            self.kept[place] = outcome
            self._boundary()
        if "broken" in self.kept[place]:
            raise Broken(self.kept[place]["broken"])
        return journal.unpacked(self.kept[place]["value"], body)

    def side_by_side(self, names: Iterable[str]) -> Crashing:
        return self

    def _boundary(self) -> None:
        self.passed += 1
        if self._dead or self.passed == self._at:
            self._dead = True
            raise Crash


async def _outcome(body: Callable[P, Awaitable[Any]], *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
    try:
        return {"value": journal.packed(await body(*args, **kwargs), body)}
    except SealaneError as error:
        return {"broken": str(error)}


async def told(story: Callable[[Any], Awaitable[T]], *, at: int) -> T | None:
    """What a story comes to whose first teller dies at that boundary; None when it ends before."""
    first = Crashing({}, at=at)
    try:
        await story(first)
    except Crash:
        second = Crashing(first.kept, at=None)
        ended = await story(second)
        await asyncio.gather(*first.bodies, *second.bodies, return_exceptions=True)
        return ended
    return None
