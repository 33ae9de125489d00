"""Subscriptions to live views: each reader waits on its own count, which moves with what it follows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum, auto

ObjectKey = tuple[str, str]
"""Namespace (empty when there is none) and name."""


class Whole(Enum):
    """Topics about a view as a whole."""

    OBJECTS = auto()
    """Any of its objects."""
    STATE = auto()
    """Its state."""


Topic = ObjectKey | str | Whole
"""A topic to follow in a view: one object, everything that belongs to the object with a uid, or the whole view."""


class ChangeCounter:
    """Counts changes and lets any number of readers wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next: asyncio.Future[None] | None = None

    def move(self) -> None:
        """Counts a change."""
        self.count += 1
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None

    async def after(self, count: int) -> int:
        """Waits until the count exceeds the given one, and returns it."""
        while self.count <= count:
            if self._next is None:
                self._next = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._next)
        return self.count


class Followers:
    """The counts that follow each topic of one view."""

    def __init__(self) -> None:
        self._by_topic: dict[Topic, set[ChangeCounter]] = {}

    def __len__(self) -> int:
        """The number of topics that anybody follows."""
        return len(self._by_topic)

    def add(self, topic: Topic, changes: ChangeCounter) -> None:
        """Makes the count move with the topic from now on."""
        self._by_topic.setdefault(topic, set()).add(changes)

    def remove(self, topic: Topic, changes: ChangeCounter) -> None:
        """Stops moving the count with the topic; does nothing if it did not follow it."""
        following = self._by_topic.get(topic, set())
        following.discard(changes)
        if not following:
            self._by_topic.pop(topic, None)

    def wake(self, topics: Iterable[Topic]) -> None:
        """Moves the counts that follow these topics."""
        for topic in topics:
            for changes in self._by_topic.get(topic, ()):
                changes.move()

    def wake_all(self) -> None:
        """Moves all counts."""
        self.wake(self._by_topic)
