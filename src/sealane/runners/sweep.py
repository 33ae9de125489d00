"""The sweep: removes what killed runs left in the engine. Live runs are left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import Leftover
from sealane.errors import SealaneError
from sealane.runners import process_identity
from sealane.runners.docker import OWNER, RUN


async def sweep(engine: Engine) -> tuple[str, ...]:
    """Removes everything of runs whose process on this machine has ended, and returns these runs' keys.

    What can't be removed now is left for the next sweep. Raises EngineUnavailable.
    """
    containers, networks = await asyncio.gather(engine.containers(OWNER), engine.networks(OWNER))
    swept = [
        *await _remove(containers, engine.remove),
        *await _remove(networks, lambda leftover: engine.remove_network(leftover.name)),
    ]
    return tuple(sorted(set(swept)))


async def _remove(leftovers: Iterable[Leftover], remove: Callable[[Leftover], Awaitable[None]]) -> list[str]:
    gone = [leftover for leftover in leftovers if _is_orphan(leftover)]
    done = await asyncio.gather(*(remove(leftover) for leftover in gone), return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException) and not isinstance(outcome, SealaneError):
            raise outcome
    return [leftover.labels.get(RUN, "?") for leftover, outcome in zip(gone, done, strict=True) if outcome is None]


def _is_orphan(leftover: Leftover) -> bool:
    owner = process_identity.parse(leftover.labels.get(OWNER, ""))
    return owner is not None and process_identity.is_gone(owner)
