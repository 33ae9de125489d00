"""A reader of live views: woken by what it looked at the last time, and by nothing else.

A reader looks through its own methods, which take note: what it looked at is what it follows from then on, so it can't
forget to follow anything. What it looked for in vain counts as well. Nothing is missed between two looks, since nothing can
change during one: it must not wait for anything.

Readers take turns. One that was left in peace looks at once when something changes; while much changes, all readers
together look for a share of the time only, and each finds several changes at its next look.
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
"""Of one processor's time, for all looks together."""
LONGEST = 0.5
"""Seconds a reader waits for its turn at most, however many there are."""
_WEIGHT = 0.1
"""Of the last look in the running mean of what looks take."""


class ReadPace:
    """When readers may look: one after the other, the next as long after the last as the share of time demands."""

    def __init__(self) -> None:
        self._free = 0.0
        self._takes = 0.0

    def took(self, seconds: float) -> None:
        """A look took this much of a processor's time."""
        self._takes += (seconds - self._takes) * _WEIGHT

    def turn(self, now: float) -> float:
        """Takes the next turn, and gives the seconds until it."""
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
        """Everything that is looked at within is followed, until the next look. Nothing may be awaited within."""
        self._count = self._changes.count
        self._noted = set()
        begun = time.thread_time()
        try:
            yield
        finally:
            self._follow(self._noted)
            self._pace.took(time.thread_time() - begun)

    def state(self, view: reflector.Reflector[Any]) -> reflector.State:
        """How far a view can be believed."""
        self._noted.add((view, subscriptions.Whole.STATE))
        return view.state

    def find(self, view: reflector.Reflector[T], namespace: str, name: str) -> T | None:
        """One object, if it is there."""
        key = (namespace, name)
        self._noted.add((view, key))
        return view.objects.get(key)

    def belonging(self, view: reflector.Reflector[T], uid: str) -> tuple[T, ...]:
        """What the object with this uid controls or, of events, those about it."""
        self._noted.add((view, uid))
        return view.held.belonging(uid)

    def everything(self, view: reflector.Reflector[T]) -> Mapping[subscriptions.ObjectKey, T]:
        """All objects of a view: any change of any of them wakes."""
        self._noted.add((view, subscriptions.Whole.OBJECTS))
        return view.objects

    async def changed(self) -> None:
        """Waits until something has changed of what the last look was at, and it is this reader's turn."""
        await self._changes.after(self._count)
        if (seconds := self._pace.turn(asyncio.get_running_loop().time())) > 0:
            await asyncio.sleep(seconds)

    def close(self) -> None:
        """Follows nothing any more."""
        self._follow(set())

    def _follow(self, wanted: set[tuple[reflector.Reflector[Any], subscriptions.Topic]]) -> None:
        for view, topic in wanted - self._following:
            view.held.followers.add(topic, self._changes)
        for view, topic in self._following - wanted:
            view.held.followers.remove(topic, self._changes)
        self._following = wanted
