"""Starts a task once: the service makes one for a token, however often it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealane.clients.aws.ecs import Ecs
from sealane.destinations import model
from sealane.destinations.ecs import apply_plan
from sealane.destinations.ecs.looks import Looks


def token(*parts: str) -> str:
    """The same for the same work, whoever does it."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskStart:
    """Starts tasks for one formation."""

    service: Ecs
    looks: Looks
    identity: model.Identity
    fence: model.Fence

    async def once(self, ref: model.ObjectRef, fields: Mapping[str, Any]) -> tuple[str, bool]:
        """The task's address, and whether it was started now. Raises NotStarted, Rejected, Unavailable."""
        record, tag = await self.looks.records.get(ref)
        if record and record.task:
            return record.task, False
        asked = record.asked if record and record.asked else self.looks.pace.now()
        noted = apply_plan.marked(record, self.identity, asked=asked)
        await self.fence()
        tag = await self.looks.records.keep(ref, noted, over=tag)
        own = token(self.identity.owner, ref.name)
        await self.fence()
        task = await self.looks.pace.patiently(
            lambda: self.service.run(self.identity.namespace, fields, token=own, by=f"sealane/{own}")
        )
        await self.fence()
        await self.looks.records.keep(ref, replace(noted, task=task.arn), over=tag)
        return task.arn, True
