"""Looks at environments, and the pauses between them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane import clock, errors
from sealane.clients.aws.account import Rejected
from sealane.clients.aws.beanstalk import Beanstalk
from sealane.clients.aws.beanstalk_model import Fleet
from sealane.destinations import model
from sealane.destinations.elastic_beanstalk.model import EnvironmentRecord, Reading

_LADDER = ((timedelta(minutes=5), 10.0), (timedelta(minutes=10), 20.0))
_LAST = 30.0
_JITTER = 0.2
_TRIES = 8
"""Failed looks in a row before a write gives up."""
_BEFORE = timedelta(seconds=1)
"""The service's clock shows whole seconds only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The clock, and how to wait."""

    now: clock.Clock = clock.now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def between(self, since: datetime) -> None:
        """Waits before the next look: longer over time, and at random, so that looks are not in step with others'."""
        span = self.now() - since
        seconds = next((seconds for until, seconds in _LADDER if span < until), _LAST)
        await self.sleep(seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret


class Looks:
    """Reads environments of an account."""

    def __init__(self, service: Beanstalk, pace: Pace) -> None:
        self._service, self.pace = service, pace

    async def read(self, ref: model.ObjectRef, record: EnvironmentRecord | None, *, whole: bool = True) -> Reading:
        """One look. `whole` also reads option settings. Raises Unavailable, Rejected."""
        every, at = await self._service.environments(ref.namespace or "")
        environment = next((each for each in every if each.name == ref.name), None)
        if environment is None:
            return Reading(at=at, environment=None, others=every)
        operation = record.operation if record else None
        events = await self._service.events(ref.name, since=operation.at - _BEFORE) if operation else ()
        if operation:
            events = tuple(event for event in events if event.at >= operation.at)
        fleet, basic = await self._fleet(ref.name)
        return Reading(
            at=at,
            environment=environment,
            others=tuple(each for each in every if each.name != ref.name),
            events=events,
            fleet=fleet,
            basic=basic,
            options=await self._service.settings(ref.namespace or "", ref.name) if whole else {},
        )

    async def _fleet(self, name: str) -> tuple[Fleet | None, bool]:
        """Its instances, and whether its health is basic; without the right to look, none."""
        try:
            fleet = await self._service.fleet(name)
        except Rejected as rejected:
            if rejected.denied:
                return None, False
            raise
        return fleet, fleet is None

    async def patiently(self, ref: model.ObjectRef, record: EnvironmentRecord | None) -> Reading:
        """As `read`, but tries again a little later when a look fails. Raises Unavailable, Rejected."""
        for number in range(_TRIES):
            try:
                return await self.read(ref, record)
            except errors.Unavailable:
                if number == _TRIES - 1:
                    raise
                await self.pace.sleep(2.0 * (number + 1))
        raise AssertionError
