"""The objects of a live view: found by key and by what they belong to, their readers woken when they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from sealane.clients.kubernetes import objects
from sealane.clients.kubernetes.informer import shared_parts, subscriptions


class Named(Protocol):
    """Any of the pruned structs."""

    @property
    def metadata(self) -> objects.Metadata:
        """Name, uid, owners."""
        ...


T = TypeVar("T", bound=Named)


class ObjectCache(Generic[T]):
    """The objects of a view as they are now. Every change of them goes through here, and wakes whoever follows it."""

    def __init__(self) -> None:
        self.changes = subscriptions.ChangeCounter()
        """Moves with every change."""
        self.followers = subscriptions.Followers()
        self._objects: dict[subscriptions.ObjectKey, T] = {}
        self._belonging: dict[str, dict[subscriptions.ObjectKey, T]] = {}

    @property
    def objects(self) -> Mapping[subscriptions.ObjectKey, T]:
        """All by namespace and name."""
        return MappingProxyType(self._objects)

    def belonging(self, uid: str) -> tuple[T, ...]:
        """What the object with this uid controls (the pods of a ReplicaSet) or, of events, those about it."""
        return tuple(self._belonging.get(uid, {}).values())

    def put(self, item: T) -> None:
        """It is there, and looks like this now."""
        old = self._drop(_key(item))
        self._add(item)
        self._moved(item if old is None else old, item)

    def drop(self, item: T) -> None:
        """It is gone."""
        old = self._drop(_key(item))
        self._moved(item if old is None else old, item)

    def replace(self, items: Iterable[T]) -> None:
        """These are there, and nothing else is."""
        self._objects.clear()
        self._belonging.clear()
        for item in items:
            self._add(item)
        self.changes.move()
        self.followers.wake_all()

    def stand(self) -> None:
        """How far the view can be believed is another thing now."""
        self.changes.move()
        self.followers.wake([subscriptions.Whole.STATE])

    def _moved(self, old: T, new: T) -> None:
        """Both count: an object that changes hands concerns who had it and who has it."""
        topics: set[subscriptions.Topic] = {_key(new), subscriptions.Whole.OBJECTS, _whose(old), _whose(new)}
        self.changes.move()
        self.followers.wake(topics)

    def _add(self, item: T) -> None:
        key = _key(item)
        if uid := _whose(item):
            siblings = self._belonging.setdefault(uid, {})
            if siblings:
                item = shared_parts.shared(item, next(iter(siblings.values())))
            siblings[key] = item
        self._objects[key] = item

    def _drop(self, key: subscriptions.ObjectKey) -> T | None:
        old = self._objects.pop(key, None)
        if old is not None and (uid := _whose(old)):
            siblings = self._belonging.get(uid, {})
            siblings.pop(key, None)
            if not siblings:
                self._belonging.pop(uid, None)
        return old


def _key(item: Named) -> subscriptions.ObjectKey:
    return (item.metadata.namespace or "", item.metadata.name)


def _whose(item: Named) -> str:
    """The uid of what it belongs to: what an event is about, what controls anything else; empty when nothing does."""
    if isinstance(item, objects.Event):
        return item.involved_object.uid
    owner = item.metadata.controller
    return owner.uid if owner else ""
