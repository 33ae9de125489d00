"""A destination that pretends, and that nobody reaches while a file called `cut` lies beside its state.

With a file called `cut-after-write` it is cut off by the next write. One called `crashes` has what was written before its
time end at that time, and each second from then on.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from sealane import clock
from sealane.destinations import model
from sealane.destinations.dummy import behavior, live
from sealane.destinations.dummy.adapter import DummyFile
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.destinations.kubernetes.stencils.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.errors import Unavailable
from sealane.formations.health_checks import HealthCheck
from sealane.verdicts import model as verdicts

_LOOK_EVERY = 0.05


class CutOff(DummyDestination):
    """As a cluster behind a relay: while it is away it takes nothing, answers nothing, and what is watched is blind."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(State(folder / f"{name}.json"))
        self._folder = folder

    def _reach(self) -> None:
        if self._time_of("cut"):
            raise Unavailable("the destination is cut off")

    def _time_of(self, file: str) -> datetime | None:
        try:
            return datetime.fromtimestamp((self._folder / file).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    @override
    def _lives(self) -> list[behavior.Life]:
        lives, first_end = super()._lives(), self._time_of("crashes")
        if first_end is None or first_end > clock.now():
            return lives
        return [_crashing(life, first_end) if life.since < first_end else life for life in lives]

    @override
    async def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        last = verdicts.Observation(at=datetime.now(UTC), unit="pod")
        told = None
        while True:
            since = self._time_of("cut")
            last = (
                replace(last, blind_since=since) if since else live.observation(self._lives(), wanted, at=self._now())
            )
            if told is None or replace(last, at=told.at) != told:
                told = last
                yield last
            await asyncio.sleep(_LOOK_EVERY)

    @override
    async def apply(self, *words: Any, **named: Any) -> model.Applied:
        self._reach()
        applied = await super().apply(*words, **named)
        if self._time_of("cut-after-write"):
            (self._folder / "cut").touch()
            (self._folder / "cut-after-write").unlink()
        return applied

    @override
    async def read(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        self._reach()
        return await super().read(refs)

    @override
    async def diff(self, *words: Any, **named: Any) -> tuple[model.ObjectChange, ...]:
        self._reach()
        return await super().diff(*words, **named)


def _crashing(life: behavior.Life, first_end: datetime) -> behavior.Life:
    crashing = replace(life, manifest=copy.deepcopy(life.manifest), since=first_end - timedelta(seconds=1))
    for container in crashing.containers:
        container["env"] = [*container.get("env", ()), {"name": "DUMMY_RUNS", "value": "1"}]  # type: ignore[index]
    return crashing


@asynccontextmanager
async def _open(written: DummyFile, context: DestinationContext) -> AsyncIterator[Destination]:
    assert context.state is not None
    yield CutOff(context.state / context.environment, context.name)


ADAPTER = DestinationAdapter(file=DummyFile, open=_open, platform=PLATFORM)
