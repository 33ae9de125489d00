"""Turns looks at a service into observations, repeatedly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from sealane import errors
from sealane.destinations.aws.pace import Pace
from sealane.destinations.aws.seen import Seen
from sealane.verdicts import model as verdicts

_BLIND = timedelta(seconds=60)
"""How long looks may fail before the last state counts as old; a slower pace is no problem."""


async def observations(
    look: Callable[[], Awaitable[Sequence[Seen]]], pace: Pace, *, unit: str = "instance"
) -> AsyncIterator[verdicts.Observation]:
    """The full state at once, and again after each look. Raises Unavailable if the first one fails."""
    began = seen_at = pace.now()
    last: verdicts.Observation | None = None
    while True:
        try:
            seen = await look()
        except errors.Unavailable:
            if last is None and pace.now() > began + _BLIND:
                raise
            if last is not None and pace.now() > seen_at + _BLIND:
                yield replace(last, at=pace.now(), blind_since=seen_at)
        else:
            seen_at = pace.now()
            last = verdicts.Observation(
                at=seen_at,
                workloads=tuple(observation.workload for observation in seen),
                instances=tuple(instance for observation in seen for instance in observation.instances),
                facts=tuple(fact for observation in seen for fact in observation.facts),
                unit=unit,
            )
            yield last
        await pace.between(began)
