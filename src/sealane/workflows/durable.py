"""Durable steps: each runs once, and its recorded result is reused after a crash.

A body's docstring names its key, because it may run again when its worker died before the result was recorded. An error
in a body is recorded as a value, too, and raised as `Broken` in the workflow, the first time and when it is read back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, ParamSpec, TypeVar

from dbos import DBOS

from sealane import clock, journal, paths
from sealane.errors import Fenced, SealaneError, concealing, trace
from sealane.journal import Broken
from sealane.secrets import revealed

if TYPE_CHECKING:
    from dbos._dbos import StepReservation

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 300.0
"""Seconds for which a body is retried while something is unavailable; without end where the error `comes_back`."""

_LONGEST_PAUSE = 10.0
_TELL_AT = 1.0
"""From this pause in seconds on, people are told what a step waits for; most waits end before."""


Waits = Callable[[SealaneError, datetime], Awaitable[None]]
"""Told what a step finds unavailable, and since when."""


class Boundary(StrEnum):
    """Where a step can be cut off."""

    BEGUN = "begun"  # nothing was done
    DONE = "done"  # everything was done, nothing recorded
    RECORDED = "recorded"


Probe = Callable[[str, Boundary], None]
"""Told of every boundary of a step; tests kill the process there."""


def unwatched(step: str, boundary: Boundary) -> None:
    """The probe that does nothing."""


def stays() -> bool:
    """Of a worker that never leaves."""
    return False


class Durable:
    """The journal of the current workflow: results of steps are kept in the engine's database."""

    def __init__(
        self,
        folders: Iterable[Path] = (),
        *,
        leaving: Callable[[], bool] = stays,
        probe: Probe = unwatched,
        places: Mapping[str, StepReservation] | None = None,
        waits: Waits | None = None,
    ) -> None:
        """Errors name files relative to the server's own `folders`; `places` were drawn beforehand.

        Once the worker is `leaving`, nothing is recorded any more: the next worker repeats unfinished steps. `waits` is
        told what a step finds unavailable and since when, after a while.
        """
        self._folders = tuple(folders)
        self._leaving = leaving
        self._probe = probe
        self._places = places or {}
        self._waits = waits

    async def step(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a step, typed by what its body's signature says. Raises Broken."""

        async def kept() -> Any:
            return journal.packed(await body(*args, **kwargs), body)

        if name in self._places:
            recorded = await self._places[name].run_async({"name": name}, self._recorded(name, kept))
        else:
            recorded = await DBOS.run_step_async({"name": name}, self._recorded(name, kept))
        return journal.unpacked(self._unwrapped(name, recorded), body)

    def side_by_side(self, names: Iterable[str]) -> Durable:
        """The journal for parallel steps: their places are drawn now, so that a replay finds each one."""
        places = {name: DBOS.reserve_step() for name in names}
        return Durable(self._folders, leaving=self._leaving, probe=self._probe, places=places, waits=self._waits)

    async def insist(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Does something in each execution, so not as a step, but as patiently. Raises Broken."""
        try:
            with self._discreet():
                return await _insisting(name, lambda: body(*args, **kwargs), self._waits)
        except Fenced:
            await parked()
        except SealaneError as error:
            raise Broken(str(error)) from error

    def _recorded(
        self, name: str, body: Callable[[], Awaitable[Any]]
    ) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
        """What is recorded of a body: its value, or what broke it."""

        async def run() -> dict[str, Any]:
            self._probe(name, Boundary.BEGUN)
            if self._leaving():
                await parked()
            try:
                with self._discreet():
                    result = {"value": await _insisting(name, body, self._waits)}
            except Fenced:
                await parked()
            except SealaneError as error:
                result = {"broken": str(error)}
            except Exception as error:  # noqa: BLE001 - a fault of ours ends the workflow, it must not leave it hanging
                if not self._leaving():
                    _log.error("step %s\n%s", name, trace(error))
                result = {"broken": f"Sealane itself failed at {name}: {type(error).__name__}, see the server's log"}
            if self._leaving():
                await parked()
            self._probe(name, Boundary.DONE)
            return result

        return run

    def _unwrapped(self, name: str, recorded: dict[str, Any]) -> Any:
        self._probe(name, Boundary.RECORDED)
        if "broken" in recorded:
            raise Broken(recorded["broken"])
        return recorded["value"]

    @contextmanager
    def _discreet(self) -> Iterator[None]:
        """Errors made inside show no known secret, and no path of the server."""
        with revealed.watched(), concealing(paths.without(self._folders)):
            yield


async def parked() -> Never:
    """Waits for the end of a worker that leaves or was taken over: it no longer writes or records anything."""
    await asyncio.Event().wait()
    raise AssertionError


async def _insisting(name: str, body: Callable[[], Awaitable[T]], waits: Waits | None) -> T:
    """Repeats the body while something that it needs does not answer."""
    until = time.monotonic() + PATIENCE
    since: datetime | None = None
    last_message = ""
    pause = 0.25
    while True:
        try:
            return await body()
        except SealaneError as error:
            if not error.retry or (time.monotonic() + pause > until and not error.comes_back):
                raise
            since = since or clock.now()
            _log.warning("step %s waits: %s", name, error)
            if waits and pause >= _TELL_AT and error.message != last_message:
                last_message = error.message
                await waits(error, since)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
