"""The watch for drift, from a good verdict on: it checks only when somebody writes one of the objects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sealane.deployments import drift_check, health_watch, model
from sealane.deployments.drift_check import Drift
from sealane.deployments.latest import Latest
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import SealaneError

_log = logging.getLogger(__name__)

SETTLES = 1.0
"""Seconds to wait after a write, for others who write at the same time and for clocks of whole seconds."""
_LONGEST = 60.0
"""The most seconds before a failed check is tried again; the pause grows each time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftContext:
    """Whom a watch tells, and how many may check at once."""

    tell: Callable[[tuple[Drift, ...]], Awaitable[bool]]
    """Told the drift at the beginning and whenever it changes; False ends the watch.
    Called again after a while if it raises a SealaneError."""
    turn: AbstractAsyncContextManager[object]
    """Held while the destination is asked."""


async def follow(
    destination: Destination, target: model.Target, inventory: destinations.Inventory, by: DriftContext
) -> None:
    """Watches the target's revision, whose objects are `inventory`, until `tell` ends it. Raises Unavailable."""
    wanted = await health_watch.watched(destination, target, inventory)
    last_told: tuple[Drift, ...] | None = None
    async with Latest(destination.written(wanted)) as writes:
        while True:
            await writes.woken()
            pause = SETTLES
            while True:
                await asyncio.sleep(pause)
                try:
                    async with by.turn:
                        seen = await drift_check.look(destination, target)
                    if seen != last_told and not await by.tell(seen):
                        return
                except SealaneError as error:  # it is asked again: nobody else might write for days
                    _log.info("no look for drift of %s/%s: %s", target.identity.app, target.identity.formation, error)
                    pause = min(2 * pause, _LONGEST)
                else:
                    last_told = seen
                    break
