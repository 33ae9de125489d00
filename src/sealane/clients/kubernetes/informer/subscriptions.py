"""Subscriptions to live views: each reader waits on a count of its own, which moves when what it follows does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum, auto

ObjectKey = tuple[str, str]
"""Namespace (empty when there is none) and name."""


class Whole(Enum):
    """What can be followed of a view as a whole."""

    OBJECTS = auto()
    """Any of its objects."""
    STATE = auto()
    """How far it can be believed."""


Topic = ObjectKey | str | Whole
"""What can be followed of a view: one object, what belongs to the object of a uid, or the whole."""


class ChangeCounter:
    """Counts changes and lets any number of readers wait for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._next: asyncio.Future[None] | None = None

    def move(self) -> None:
        """Something changed."""
        self.count += 1
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None

    async def after(self, count: int) -> int:
        """Waits until the count is beyond the given one, and gives it."""
        while self.count <= count:
            if self._next is None:
                self._next = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._next)
        return self.count


class Followers:
    """Whose count moves with which topic of one view."""

    def __init__(self) -> None:
        self._by_topic: dict[Topic, set[ChangeCounter]] = {}

    def __len__(self) -> int:
        """How many topics anybody follows."""
        return len(self._by_topic)

    def add(self, topic: Topic, changes: ChangeCounter) -> None:
        """From now on the count moves with the topic."""
        self._by_topic.setdefault(topic, set()).add(changes)

    def remove(self, topic: Topic, changes: ChangeCounter) -> None:
        """From now on it does not; nothing happens when it did not before."""
        following = self._by_topic.get(topic, set())
        following.discard(changes)
        if not following:
            self._by_topic.pop(topic, None)

    def wake(self, topics: Iterable[Topic]) -> None:
        """Something of these topics changed."""
        for topic in topics:
            for changes in self._by_topic.get(topic, ()):
                changes.move()

    def wake_all(self) -> None:
        """Anything may have changed."""
        self.wake(self._by_topic)
