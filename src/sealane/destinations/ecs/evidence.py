"""Evidence from services and tasks: why tasks stopped, the service's events, and the last lines of containers' logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane import errors
from sealane.clients.aws import log_streams
from sealane.clients.aws.account import Account
from sealane.clients.aws.ecs import Ecs
from sealane.clients.aws.ecs_model import Definition, Task
from sealane.destinations import model
from sealane.destinations.ecs import stopped_tasks
from sealane.destinations.ecs.looks import Looks
from sealane.destinations.ecs.model import SCHEDULE, TASK, Record

_LINES = 200
_MOST_EVENTS = 100
_DRIVER = "awslogs"

Evidence = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceReader:
    """Collects it for one object after the other. What can't be read is left out."""

    account: Account
    service: Ecs
    looks: Looks
    _definitions: dict[str, Definition] = field(default_factory=dict, init=False)
    """Task definitions by their addresses: a revision never changes."""

    async def of(self, ref: model.ObjectRef) -> Evidence:
        """All of it; a schedule has none."""
        if ref.kind == SCHEDULE:
            return {}
        record, _ = await self.looks.records.get(ref)
        tasks = await self._blamed(ref, record)
        return {
            "events": await self._events(ref, record),
            "logs": [log for task in tasks for log in await self._logs(task)],
            "probes": [],
            "terminations": [ending for task in tasks for ending in _endings(task)],
        }

    async def _blamed(self, ref: model.ObjectRef, record: Record | None) -> tuple[Task, ...]:
        """The tasks that stopped by themselves, of the deployment that is judged."""
        try:
            if ref.kind == TASK:
                asked = [record.task] if record and record.task else []
                return await self.service.tasks(ref.namespace or "", asked)
            every = await self.service.tasks_of(ref.namespace or "", ref.name)
        except (errors.Unavailable, errors.Refused):
            return ()
        operation = record.operation if record else None
        own = [task for task in every if operation and task.definition == operation.definition]
        started = {task.started_by for task in own if operation and task.created >= operation.at}
        return tuple(task for deployment in started for task in stopped_tasks.of(own, deployment))

    async def lines(self, task: Task, *, lines: int, container: str | None = None) -> dict[str, tuple[str, ...]]:
        """The last lines of a task's containers that write to CloudWatch Logs."""
        definition = await self._definition(task.definition)
        by_container = {}
        for container_definition in (definition.fields.get("containerDefinitions") or ()) if definition else ():
            place = _place(container_definition, task)
            if place and container in {None, container_definition["name"]}:
                by_container[str(container_definition["name"])] = await log_streams.tail(
                    self.account, *place, lines=lines
                )
        return by_container

    async def _definition(self, arn: str) -> Definition | None:
        if arn not in self._definitions and (definition := await self.service.definition(arn)):
            self._definitions[arn] = definition
        return self._definitions.get(arn)

    async def _logs(self, task: Task) -> list[dict[str, Any]]:
        try:
            every = await self.lines(task, lines=_LINES)
        except (errors.Unavailable, errors.Refused):
            return []
        return [
            {"object": f"task/{task.id}", "container": name, "previous": False, "lines": list(lines)}
            for name, lines in every.items()
        ]

    async def _events(self, ref: model.ObjectRef, record: Record | None) -> list[dict[str, Any]]:
        if ref.kind == TASK:
            return []
        since = record.operation.at if record and record.operation else None
        try:
            events = await self.service.events(ref.namespace or "", ref.name)
        except (errors.Unavailable, errors.Refused):
            return []
        return [
            {
                "at": line.at.isoformat(),
                "object": f"{ref.kind}/{ref.name}",
                "container": None,
                "type": "Normal",
                "reason": "",
                "message": line.message,
                "count": 1,
            }
            for line in events[-_MOST_EVENTS:]
            if since is None or line.at >= since
        ]


def _endings(task: Task) -> Iterable[dict[str, Any]]:
    for container in task.containers:
        yield {
            "object": f"task/{task.id}",
            "container": container.name,
            "exit_code": container.exit_code,
            "reason": container.reason or task.stopped_reason,
            "at": (task.stopped or task.created).isoformat(),
            "times": 1,
        }


def _place(container: Mapping[str, Any], task: Task) -> tuple[str, str] | None:
    """Group and stream of a container's log; None where it goes elsewhere."""
    settings = container.get("logConfiguration") or {}
    options = settings.get("options") or {}
    if settings.get("logDriver") != _DRIVER or not options.get("awslogs-stream-prefix"):
        return None
    return str(options.get("awslogs-group", "")), f"{options['awslogs-stream-prefix']}/{container['name']}/{task.id}"
