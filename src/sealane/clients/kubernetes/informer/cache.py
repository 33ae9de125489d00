"""The objects of a live view: found by key or owner; changes wake their readers."""

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
    """The current objects of a view. Every change goes through here, and wakes whoever follows the object."""

    def __init__(self) -> None:
        self.changes = subscriptions.ChangeCounter()
        """Counts every change."""
        self.followers = subscriptions.Followers()
        self._objects: dict[subscriptions.ObjectKey, T] = {}
        self._belonging: dict[str, dict[subscriptions.ObjectKey, T]] = {}

    @property
    def objects(self) -> Mapping[subscriptions.ObjectKey, T]:
        """All by namespace and name."""
        return MappingProxyType(self._objects)

    def belonging(self, uid: str) -> tuple[T, ...]:
        """The objects that this uid's object controls (the pods of a ReplicaSet) or, for events, those about it."""
        return tuple(self._belonging.get(uid, {}).values())

    def put(self, item: T) -> None:
        """Adds the object or updates it."""
        old = self._drop(_key(item))
        self._add(item)
        self._moved(item if old is None else old, item)

    def drop(self, item: T) -> None:
        """Removes the object."""
        old = self._drop(_key(item))
        self._moved(item if old is None else old, item)

    def replace(self, items: Iterable[T]) -> None:
        """Replaces all objects by these."""
        self._objects.clear()
        self._belonging.clear()
        for item in items:
            self._add(item)
        self.changes.move()
        self.followers.wake_all()

    def stand(self) -> None:
        """Reports a change of the view's state."""
        self.changes.move()
        self.followers.wake([subscriptions.Whole.STATE])

    def _moved(self, old: T, new: T) -> None:
        """Both count: a change of owner concerns the old and the new one."""
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
    """The uid of the object that an event is about, or of any other object's controller; empty if there is none."""
    if isinstance(item, objects.Event):
        return item.involved_object.uid
    owner = item.metadata.controller
    return owner.uid if owner else ""
