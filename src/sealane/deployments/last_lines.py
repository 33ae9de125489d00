"""The last lines of the container that a formation's health blames, for those who are told of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sealane import errors
from sealane.deployments import failure_reports
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts.health import FormationHealth

LINES = 20
"""Lines that are read."""
PATIENCE_SECONDS = 3.0
"""How long the log may take to come: nobody waits longer to be told that something is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LastLines:
    """What a container printed last, masked."""

    object: str
    container: str
    lines: tuple[str, ...]


async def read(
    destination: Destination,
    inventory: destinations.Inventory,
    health: FormationHealth,
    *,
    namespace: str,
    mask: failure_reports.Mask,
) -> LastLines | None:
    """The last lines of the blamed container; None where the health blames none, or its log does not come in time."""
    workload = tuple(ref for ref in inventory if f"{ref.kind}/{ref.name}" == health.workload)
    if not workload or health.object is None or health.container is None:
        return None
    tail = destination.tail(
        workload,
        namespace=namespace,
        container=health.container,
        lines=LINES,
        follow=False,
        instance=health.object.partition("/")[2],
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            printed = [line.partition("  ")[2] async for line in tail]
    except (TimeoutError, errors.SealaneError):
        return None
    lines = tuple(failure_reports.lines(printed[-LINES:], mask))
    return LastLines(object=health.object, container=health.container, lines=lines) if lines else None
