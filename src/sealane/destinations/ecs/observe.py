"""Turns looks at services and tasks into observations, repeatedly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from sealane.clients.aws.account import Rejected
from sealane.clients.aws.ecs import Ecs
from sealane.clients.aws.ecs_model import Task
from sealane.destinations import model
from sealane.destinations.aws import observation_stream, seen
from sealane.destinations.aws.seen import Seen, Steady
from sealane.destinations.ecs import converge, one_off
from sealane.destinations.ecs.converge import Converged
from sealane.destinations.ecs.looks import Looks
from sealane.destinations.ecs.model import SCHEDULE, SERVICE, TASK, Operation, Reading, Step, short
from sealane.destinations.ecs.schedules import Schedules
from sealane.verdicts import model as verdicts

UNIT = "task"


class Observer:
    """One watch of some services and tasks."""

    def __init__(self, service: Ecs, looks: Looks, schedules: Schedules, wanted: model.Inventory) -> None:
        self._service, self._looks, self._schedules = service, looks, schedules
        self._wanted = [ref for ref in wanted if ref.kind in {SERVICE, TASK, SCHEDULE}]
        self._steady = Steady()

    def observations(self) -> AsyncIterator[verdicts.Observation]:
        """The full state at once, and again after each look. Raises Unavailable if the first one fails."""
        return observation_stream.observations(self._looks_at_all, self._looks.pace, unit=UNIT)

    async def _looks_at_all(self) -> list[Seen]:
        look = {TASK: self._task, SERVICE: self._one, SCHEDULE: self._schedules.look}
        return [await look[ref.kind](ref) for ref in self._wanted]

    async def _one(self, ref: model.ObjectRef) -> Seen:
        name = f"{ref.kind}/{ref.name}"
        record, _ = await self._looks.records.get(ref)
        operation = record.operation if record else None
        try:
            reading = await self._looks.read(ref, record)
        except Rejected as rejected:
            return seen.unproven(name, rejected.message, self._looks.pace.now())
        if operation is None:
            return Seen(workload=seen.waiting(name, "Sealane has not deployed it yet"))
        judged = self._twice(name, reading, converge.judge(operation, reading))
        return _seen(name, reading, operation, judged, self._looks.pace.now() - reading.at)  # their clocks differ

    async def _task(self, ref: model.ObjectRef) -> Seen:
        name, now = f"{ref.kind}/{ref.name}", self._looks.pace.now()
        record, _ = await self._looks.records.get(ref)
        if record is None or not record.task:
            return Seen(workload=seen.waiting(name, "it is not started yet"))
        try:
            tasks = await self._service.tasks(ref.namespace or "", [record.task])
        except Rejected as rejected:
            return seen.unproven(name, rejected.message, now)
        return one_off.seen(name, tasks[0] if tasks else None, now=now, asked=record.asked or now)

    def _twice(self, name: str, reading: Reading, judged: Converged) -> Converged:
        """A good state must be found twice, some time apart: a task that stopped in between makes it another state."""
        if judged.kind is not None or judged.at_once:
            self._steady.forget(name)
            return judged
        tasks = {(task.arn, task.status == "STOPPED") for task in reading.tasks if task.started_by == judged.own}
        if self._steady.lasted(name, (judged.own, tasks), reading.at) >= converge.TWO_LOOKS:
            return judged
        words = "all its tasks run; a second look has to find the same"
        return Converged(kind=verdicts.FactKind.RESOURCE_PENDING, words=words, since=judged.since, own=judged.own)


def _seen(name: str, reading: Reading, operation: Operation, judged: Converged, late: timedelta) -> Seen:
    own = [task for task in reading.tasks if task.started_by == judged.own and task.status != "STOPPED"]
    running = [task for task in own if task.status == "RUNNING"]
    desired = reading.service.desired if reading.service else 1
    good = judged.kind is None
    health = verdicts.Health.READY if good else verdicts.Health.CONVERGING
    if judged.kind is verdicts.FactKind.RESOURCE_FAILED:
        health = verdicts.Health.FAILED
    workload = verdicts.Workload(
        object=name,
        health=health,
        desired=desired,
        updated=len(own),
        ready=len(running) if good else 0,
        old=len([task for task in reading.tasks if task.status == "RUNNING"]) - len(running),
        ready_since=max((task.started or task.created for task in running), default=judged.since) + late
        if good
        else None,
        message=judged.words or f"runs {short(operation.definition)}",
        note="; ".join(judged.notes),
        takes=converge.allowed(reading) if operation.step is not Step.NOTHING else timedelta(),
    )
    instances = tuple(_instance(task, name, operation, late) for task in own)
    if judged.kind is None:
        return Seen(workload=workload, instances=instances)
    fact = verdicts.Fact(kind=judged.kind, object=name, workload=name, since=judged.since + late, words=judged.words)
    return Seen(workload=workload, facts=(fact,), instances=instances)


def _instance(task: Task, workload: str, operation: Operation, late: timedelta) -> verdicts.Instance:
    ready = task.status == "RUNNING" and task.health != "UNHEALTHY"
    return verdicts.Instance(
        object=f"{UNIT}/{task.id}",
        workload=workload,
        desired=task.definition == operation.definition,
        terminating=task.status in {"DEACTIVATING", "STOPPING", "DEPROVISIONING"},
        ready=ready,
        ready_since=task.started + late if ready and task.started else None,
        created=task.created + late,
        state=task.status.lower(),
    )
