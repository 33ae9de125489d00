"""The reflector: all objects of a kind in a namespace, listed once and then kept current by one watch.

Level-based: a reader looks at the current objects and waits for changes; it never counts events. However many readers
use the same view, there is one stream; `subscriber.Reader` reads several views and only wakes for its own objects.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sealane import clock
from sealane.clients.kubernetes import discovery, errors, lists, transport
from sealane.clients.kubernetes.informer import cache, subscriptions, watch_stream

GRACE = 1.0
"""Seconds in which a broken stream may resume before its view counts as old: streams break every day."""
AWAY = 60.0
"""Seconds after which it asks again although the server is known to be unreachable: that may have changed."""

T = TypeVar("T", bound=cache.Named)


class SyncState(StrEnum):
    """Whether a view is current."""

    FILLING = "filling"  # the first list is not complete
    LIVE = "live"
    AWAY = "away"  # the server does not answer, or refuses; the objects may be old


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Whether a view is current, since when, and what prevents it."""

    standing: SyncState
    since: datetime
    error: errors.ClusterError | None = None


class Reflector(Generic[T]):
    """A live view of one kind. Read `objects` and `state`; wait with `changes.after(count)` for any change."""

    def __init__(
        self,
        connection: transport.Transport,
        resource: discovery.Resource,
        kind: type[T],
        *,
        namespace: str | None = None,
    ) -> None:
        self.held: cache.ObjectCache[T] = cache.ObjectCache()
        self.state = State(standing=SyncState.FILLING, since=clock.now())
        self.lists = 0
        """How often everything was listed: stays 1 while every reconnection could resume."""
        self._connection = connection
        self._path = resource.path(namespace=namespace)
        self._kind = kind
        self._growing_old: asyncio.TimerHandle | None = None
        self._trouble: errors.ClusterError | None = None

    @property
    def objects(self) -> Mapping[subscriptions.ObjectKey, T]:
        """All current objects by namespace and name."""
        return self.held.objects

    @property
    def changes(self) -> subscriptions.ChangeCounter:
        """Counts changes of the objects and of the state."""
        return self.held.changes

    async def run(self) -> None:
        """Keeps the view current until cancelled; never gives up."""
        try:
            await self._follow()
        finally:
            self._resumed()

    async def _follow(self) -> None:
        version: str | None = None
        fruitless = 0  # attempts in a row without progress; each makes the next pause longer
        pause = 0.0
        while True:
            begun, asked = clock.now(), 0.0
            try:
                if version is None:
                    version = await self._fill()
                async for change in self._watch(version):
                    self._stand(SyncState.LIVE)
                    if change.version != version or change.object is not None:
                        fruitless = 0
                    version = change.version or version
                    self._take(change)
                self._broke(None)
            except errors.Gone as error:
                version = None
                self._broke(error)
            except errors.ClusterError as error:
                self._broke(error)
                asked = error.retry_after or 0.0
            if self._lives and (clock.now() - begun).total_seconds() > max(pause, GRACE):
                fruitless = 0
            pause = max(transport.pause(min(fruitless, 8)), asked)
            await self._connection.rest(pause, away=AWAY)
            fruitless += 1

    def ended(self, task: asyncio.Task[None]) -> None:
        """Called when `run` ends; only a fault of Sealane's ends it by itself, and then readers must not wait."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._stand(SyncState.AWAY, errors.ClusterError(f"watching {self._path} broke: {error!r}"))

    async def filled(self) -> None:
        """Waits for the first list. Raises its ClusterError if trying again won't help."""
        count = self.changes.count
        while self.lists == 0:
            if self.state.error is not None and not self.state.error.retry:
                raise self.state.error
            count = await self.changes.after(count)

    def _watch(self, version: str) -> AsyncIterator[watch_stream.Change[T]]:
        return watch_stream.changes(self._connection, self._path, lists.decoder(self._kind), since=version)

    async def _fill(self) -> str:
        listed = await lists.listed(self._connection, self._path, self._kind, {})
        self.lists += 1
        self.held.replace(listed.items)
        return listed.version

    def _take(self, change: watch_stream.Change[T]) -> None:
        if change.object is None:
            return
        if change.deleted:
            self.held.drop(change.object)
        else:
            self.held.put(change.object)

    @property
    def _lives(self) -> bool:
        return self.state.standing is SyncState.LIVE

    def _broke(self, error: errors.ClusterError | None) -> None:
        """The stream has ended: the view becomes old unless it resumes in time."""
        if not self._lives or (error is not None and not error.retry and not isinstance(error, errors.Gone)):
            self._stand(SyncState.AWAY, error)
            return
        self._trouble = error
        if self._growing_old is None:
            broken = clock.now()
            self._growing_old = asyncio.get_running_loop().call_later(
                GRACE, lambda: self._stand(SyncState.AWAY, self._trouble, broken)
            )

    def _resumed(self) -> None:
        if self._growing_old is not None:
            self._growing_old.cancel()
            self._growing_old = None

    def _stand(
        self, standing: SyncState, error: errors.ClusterError | None = None, since: datetime | None = None
    ) -> None:
        self._resumed()
        since = self.state.since if standing is self.state.standing else since or clock.now()
        moved = (standing, str(error)) != (self.state.standing, str(self.state.error))
        self.state = State(standing=standing, since=since, error=error)
        if moved:
            self.held.stand()


@dataclass(kw_only=True, slots=True)
class _Running:
    view: Reflector[Any]
    task: asyncio.Task[None]
    readers: int = 0


class Shared:
    """The views of one cluster in use: opened for the first reader, ended after the last."""

    def __init__(self, connection: transport.Transport) -> None:
        self._connection = connection
        self._running: dict[tuple[str, type[Any]], _Running] = {}

    @asynccontextmanager
    async def view(
        self, resource: discovery.Resource, kind: type[T], namespace: str | None
    ) -> AsyncIterator[Reflector[T]]:
        """A filled view, shared. Raises the error that prevents filling it."""
        key = (resource.path(namespace=namespace), kind)
        running = self._running.get(key) or self._start(key, resource, kind, namespace)
        running.readers += 1
        try:
            await running.view.filled()
            yield running.view
        finally:
            running.readers -= 1
            if running.readers == 0 and self._running.get(key) is running:
                del self._running[key]
                await _end(running.task)

    async def close(self) -> None:
        """Ends all views."""
        while self._running:
            _, running = self._running.popitem()
            await _end(running.task)

    def _start(
        self, key: tuple[str, type[T]], resource: discovery.Resource, kind: type[T], namespace: str | None
    ) -> _Running:
        view = Reflector(self._connection, resource, kind, namespace=namespace)
        running = _Running(view=view, task=asyncio.create_task(view.run(), name=f"watch {key[0]}"))
        running.task.add_done_callback(view.ended)
        self._running[key] = running
        return running


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
