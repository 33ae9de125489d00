"""A reader of live views: it only wakes when something in its last look has changed.

A reader looks through its own methods, which record what it looked at: that is what it follows until its next look, so
it can't forget to follow anything. Failed look-ups count as well. No change is missed between two looks, because
nothing can change during one: it must not await anything.

Readers take turns. After a quiet time, a reader looks at once when something changes; during many changes, all readers
together look for only a share of the time, and each sees several changes at its next look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sealane.clients.kubernetes.informer import cache, reflector, subscriptions

T = TypeVar("T", bound=cache.Named)

SHARE = 0.25
"""Share of one processor's time for all looks together."""
LONGEST = 0.5
"""Most seconds that a reader waits for its turn, whatever the number of readers."""
_WEIGHT = 0.1
"""Weight of the last look in the running mean of durations."""


class ReadPace:
    """Schedules the looks of readers: one after the other, with pauses that follow from the share of time."""

    def __init__(self) -> None:
        self._free = 0.0
        self._takes = 0.0

    def took(self, seconds: float) -> None:
        """Records a look's processor time."""
        self._takes += (seconds - self._takes) * _WEIGHT

    def turn(self, now: float) -> float:
        """Takes the next turn, and returns the seconds until it."""
        turn = min(max(self._free, now), now + LONGEST)
        self._free = turn + self._takes / SHARE
        return turn - now


class Reader:
    """One reader of any number of views."""

    def __init__(self, pace: ReadPace) -> None:
        self._pace = pace
        self._changes = subscriptions.ChangeCounter()
        self._count = 0
        self._following: set[tuple[reflector.Reflector[Any], subscriptions.Topic]] = set()
        self._noted: set[tuple[reflector.Reflector[Any], subscriptions.Topic]] = set()

    @contextmanager
    def look(self) -> Iterator[None]:
        """Follows everything that is looked at inside the block, until the next look. Nothing may be awaited inside."""
        self._count = self._changes.count
        self._noted = set()
        begun = time.thread_time()
        try:
            yield
        finally:
            self._follow(self._noted)
            self._pace.took(time.thread_time() - begun)

    def state(self, view: reflector.Reflector[Any]) -> reflector.State:
        """Whether a view is current."""
        self._noted.add((view, subscriptions.Whole.STATE))
        return view.state

    def find(self, view: reflector.Reflector[T], namespace: str, name: str) -> T | None:
        """One object, or None."""
        key = (namespace, name)
        self._noted.add((view, key))
        return view.objects.get(key)

    def belonging(self, view: reflector.Reflector[T], uid: str) -> tuple[T, ...]:
        """The objects controlled by the object with this uid or, for events, those about it."""
        self._noted.add((view, uid))
        return view.held.belonging(uid)

    def everything(self, view: reflector.Reflector[T]) -> Mapping[subscriptions.ObjectKey, T]:
        """All objects of a view: any change of them wakes the reader."""
        self._noted.add((view, subscriptions.Whole.OBJECTS))
        return view.objects

    async def changed(self) -> None:
        """Waits for a change of anything in the last look, and for this reader's turn."""
        await self._changes.after(self._count)
        if (seconds := self._pace.turn(asyncio.get_running_loop().time())) > 0:
            await asyncio.sleep(seconds)

    def close(self) -> None:
        """Stops following."""
        self._follow(set())

    def _follow(self, wanted: set[tuple[reflector.Reflector[Any], subscriptions.Topic]]) -> None:
        for view, topic in wanted - self._following:
            view.held.followers.add(topic, self._changes)
        for view, topic in self._following - wanted:
            view.held.followers.remove(topic, self._changes)
        self._following = wanted
