"""Looks at services, and which task definitions are registered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sealane.clients.aws.account import Rejected
from sealane.clients.aws.ecs import Ecs
from sealane.clients.aws.ecs_model import Definition
from sealane.destinations import model
from sealane.destinations.aws.pace import Pace
from sealane.destinations.ecs import apply_plan
from sealane.destinations.ecs.model import DEFINITION, Manifest, Reading, Record, content_of, fields_of
from sealane.destinations.ecs.records import Records

PACE = Pace(ladder=((timedelta(minutes=2), 7.0),), last=15.0)
"""Looks are cheap at first, and rarer while old tasks drain."""


class Looks:
    """Reads services of an account."""

    def __init__(self, service: Ecs, records: Records, pace: Pace) -> None:
        self._service, self.records, self.pace = service, records, pace

    async def read(self, ref: model.ObjectRef, record: Record | None) -> Reading:
        """One look. Raises Unavailable, Rejected."""
        cluster = ref.namespace or ""
        service, at = await self._service.service(cluster, ref.name)
        operation = record.operation if record else None
        if service is None or operation is None:
            return Reading(at=at, service=service)
        try:
            deployments = await self._service.deployments(cluster, ref.name, since=operation.at - apply_plan.BEFORE)
        except Rejected as rejected:
            if not rejected.denied:
                raise
            deployments = ()
        tasks = await self._service.tasks_of(cluster, ref.name)
        return Reading(at=at, service=service, deployments=deployments, tasks=tasks)

    async def patiently(self, ref: model.ObjectRef, record: Record | None) -> Reading:
        """As `read`, but tries again a little later when a look fails. Raises Unavailable, Rejected."""
        return await self.pace.patiently(lambda: self.read(ref, record))

    async def known(self, objects: Sequence[Manifest], cluster: str) -> dict[str, Definition]:
        """The registered task definition of each manifest of one, by its name; without those that are not registered.

        Of two of one name the first counts; the second is refused.
        """
        definitions: dict[str, Definition] = {}
        for manifest in objects:
            if manifest["kind"] == DEFINITION and (definition := await self.registered(manifest, cluster)):
                definitions.setdefault(str(manifest["metadata"]["name"]), definition)
        return definitions

    async def registered(self, manifest: Manifest, cluster: str) -> Definition | None:
        """The task definition with exactly that content: the one on record, else the family's newest if it has it."""
        fields = fields_of(manifest)
        content = content_of(fields)
        record, _ = await self.records.get(model.ref_of(manifest, cluster))
        arn = record.definitions.get(content) if record else None
        if arn:
            return await self.pace.patiently(lambda: self._service.definition(arn))
        newest = await self.newest(str(fields["family"]))
        return newest if newest and newest.content == content else None

    async def newest(self, family: str) -> Definition | None:
        """The newest active task definition of a family."""
        return await self.pace.patiently(lambda: self._service.definition(family))
