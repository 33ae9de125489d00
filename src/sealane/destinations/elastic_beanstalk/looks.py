"""Looks at environments, and the pauses between them."""

from __future__ import annotations

from datetime import timedelta

from sealane.clients.aws.account import Rejected
from sealane.clients.aws.beanstalk import Beanstalk
from sealane.clients.aws.beanstalk_model import Fleet
from sealane.destinations import model
from sealane.destinations.aws.pace import Pace
from sealane.destinations.elastic_beanstalk import apply_plan
from sealane.destinations.elastic_beanstalk.model import EnvironmentRecord, Reading

_BEFORE = timedelta(seconds=1)
"""The service's clock shows whole seconds only."""


class Looks:
    """Reads environments of an account."""

    def __init__(self, service: Beanstalk, pace: Pace) -> None:
        self._service, self.pace = service, pace

    async def read(self, ref: model.ObjectRef, record: EnvironmentRecord | None, *, whole: bool = True) -> Reading:
        """One look. `whole` also reads option settings. Raises Unavailable, Rejected."""
        every, at = await self._service.environments(ref.namespace or "")
        environment = next((other for other in every if other.name == ref.name), None)
        if environment is None:
            return Reading(at=at, environment=None, others=every)
        operation = record.operation if record else None
        events = await self._service.events(ref.name, since=operation.at - _BEFORE) if operation else ()
        if operation:
            events = tuple(event for event in events if event.at >= operation.at)
        fleet, basic = await self._fleet(ref.name)
        other = apply_plan.taken_by(operation, events) if operation else None
        strange = other or (operation is None and environment.status != "Ready")
        managed = await self._service.managed(ref.name, since=other.at if other else None) if strange else ""
        return Reading(
            managed=managed,
            at=at,
            environment=environment,
            others=tuple(other for other in every if other.name != ref.name),
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
        return await self.pace.patiently(lambda: self.read(ref, record))
