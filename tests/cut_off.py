"""A destination that pretends, and that nobody reaches while a file called `cut` lies beside its state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from sealane.destinations import model
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

    def __init__(self, state: State, cut: Path) -> None:
        super().__init__(state)
        self._cut = cut

    def _reach(self) -> None:
        if self._cut.exists():
            raise Unavailable("the destination is cut off")

    def _since(self) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._cut.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    @override
    async def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        last = verdicts.Observation(at=datetime.now(UTC), unit="pod")
        told = None
        while True:
            since = self._since()
            last = replace(last, blind_since=since) if since else self._observation(wanted)
            if told is None or replace(last, at=told.at) != told:
                told = last
                yield last
            await asyncio.sleep(_LOOK_EVERY)

    @override
    async def apply(self, *words: Any, **named: Any) -> model.Applied:
        self._reach()
        return await super().apply(*words, **named)

    @override
    async def read(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        self._reach()
        return await super().read(refs)

    @override
    async def diff(self, *words: Any, **named: Any) -> tuple[model.ObjectChange, ...]:
        self._reach()
        return await super().diff(*words, **named)


@asynccontextmanager
async def _open(written: DummyFile, context: DestinationContext) -> AsyncIterator[Destination]:
    assert context.state is not None
    folder = context.state / context.environment
    yield CutOff(State(folder / f"{context.name}.json"), folder / "cut")


ADAPTER = DestinationAdapter(file=DummyFile, open=_open, platform=PLATFORM)
