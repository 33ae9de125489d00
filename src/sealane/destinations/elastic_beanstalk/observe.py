"""Turns looks into observations of the formation's environments, repeatedly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from sealane.clients.aws.account import Rejected
from sealane.destinations import model
from sealane.destinations.aws import observation_stream, seen
from sealane.destinations.aws.seen import Seen, Steady
from sealane.destinations.elastic_beanstalk import converge
from sealane.destinations.elastic_beanstalk.converge import Converged
from sealane.destinations.elastic_beanstalk.looks import Looks
from sealane.destinations.elastic_beanstalk.model import Operation, Options, Reading, Step
from sealane.destinations.elastic_beanstalk.records import Records
from sealane.verdicts import model as verdicts


class Observer:
    """One watch of some environments."""

    def __init__(self, looks: Looks, records: Records, wanted: model.Inventory) -> None:
        self._looks, self._records, self._wanted = looks, records, wanted
        self._steady = Steady()
        self._options: dict[str, Options] = {}
        """Option settings, read once: they tell how long an update may take."""

    def observations(self) -> AsyncIterator[verdicts.Observation]:
        """The full state at once, and again after each look. Raises Unavailable if the first one fails."""
        return observation_stream.observations(self._looks_at_all, self._looks.pace)

    async def _looks_at_all(self) -> list[Seen]:
        return [await self._one(ref) for ref in self._wanted]

    async def _one(self, ref: model.ObjectRef) -> Seen:
        name = f"{ref.kind}/{ref.name}"
        record, _ = await self._records.get(ref)
        try:
            reading = await self._looks.read(ref, record, whole=ref.name not in self._options)
        except Rejected as rejected:
            return seen.unproven(name, rejected.message, self._looks.pace.now())
        reading = replace(reading, options=self._options.setdefault(ref.name, reading.options))
        operation = record.operation if record else None
        if operation is None:
            count = max(1, len(reading.fleet.instances)) if reading.fleet else 1
            return Seen(workload=seen.waiting(name, "Sealane has not deployed it yet", count=count))
        judged = self._twice(name, reading, converge.judge(operation, reading))
        late = self._looks.pace.now() - reading.at  # their clocks differ
        return _seen(name, reading, operation, judged, late)

    def _twice(self, name: str, reading: Reading, judged: Converged) -> Converged:
        """A good state must be found twice, some time apart, unless the update ended long ago."""
        if judged.kind is not None or judged.at_once:
            self._steady.forget(name)
            return judged
        if self._steady.lasted(name, (reading.environment, reading.fleet), reading.at) >= converge.TWO_LOOKS:
            return judged
        words = "all instances run it; a second look has to find the same"
        return Converged(kind=verdicts.FactKind.RESOURCE_PENDING, words=words, since=judged.since)


def _seen(name: str, reading: Reading, operation: Operation, judged: Converged, late: timedelta) -> Seen:
    instances = reading.fleet.instances if reading.fleet else ()
    new = [instance for instance in instances if instance.label == operation.label and instance.status == "Deployed"]
    good = judged.kind is None
    health = verdicts.Health.READY if good else verdicts.Health.CONVERGING
    if judged.kind is verdicts.FactKind.RESOURCE_FAILED:
        health = verdicts.Health.FAILED
    count = max(1, len(instances))
    workload = verdicts.Workload(
        object=name,
        health=health,
        desired=count,
        updated=len(new) if instances else count,
        ready=(len(new) if instances else count) if good else 0,
        old=len(instances) - len(new),
        ready_since=judged.since + late if good else None,
        message=judged.words or f"runs {operation.label}",
        note="; ".join(judged.notes),
        takes=converge.allowed(reading) if operation.step is not Step.NOTHING else timedelta(),
    )
    if judged.kind is None:
        return Seen(workload=workload)
    fact = verdicts.Fact(kind=judged.kind, object=name, workload=name, since=judged.since + late, words=judged.words)
    return Seen(workload=workload, facts=(fact,))
