"""Whether a service runs the desired task definition: rules that no count of tasks and no "steady state" can decide. Pure.

The service says that it is steady before a deployment has begun, after it was rolled back, and when somebody else's took
its place. So the identity counts: of the deployment that we asked for, of the record of its end, and of the tasks that
it started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane.clients.aws.ecs_model import Rollout, Service, ServiceDeployment, Task
from sealane.destinations.ecs import apply_plan, pauses, stopped_tasks
from sealane.destinations.ecs.model import Operation, Reading, Step, short
from sealane.verdicts.model import FactKind

TWO_LOOKS = timedelta(seconds=15)
"""Two looks must find the same tasks at least this far apart."""
LONG_AGO = timedelta(minutes=2)
"""After the end of a deployment one look is enough: its tasks have run since."""
TAKES = timedelta(minutes=20)
"""How long a deployment may take beside its bake time: start-up, and five minutes to drain old tasks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Converged:
    """The result of a look. Without a `kind`, the service runs the desired task definition."""

    kind: FactKind | None = None
    words: str = ""
    """The thing that is waited for, or the problem."""
    notes: tuple[str, ...] = ()
    """Gaps in the proof."""
    since: datetime
    own: str = ""
    """The id of the deployment whose tasks count."""
    at_once: bool = False
    """Whether one look is enough, because the deployment ended long ago."""


def judge(operation: Operation, reading: Reading) -> Converged:
    """The result of the reading for Sealane's last operation."""
    service, primary = reading.service, reading.primary
    if service is None or primary is None:
        words = "nobody can see it any more: it is gone, or the account may not look"
        return Converged(kind=FactKind.UNPROVEN, words=words, since=reading.at)
    if service.status != "ACTIVE":
        return Converged(kind=FactKind.RESOURCE_FAILED, words=f"it is {service.status}", since=reading.at)
    own = apply_plan.rollout_of(operation, reading) if operation.step is Step.DEPLOY else primary.id
    record = apply_plan.deployment_of(operation, reading)
    if other := _taken(operation, reading, record):
        return other
    if waiting := _not_begun(operation, reading, service, primary, own):
        return waiting
    ended = _by_its_end(operation, reading, record, own) if record else _by_its_state(operation, reading, service, own)
    return ended or _proof(operation, reading, service, primary, record)


def allowed(reading: Reading) -> timedelta:
    """The longest time that the service's own settings allow, with hooks that wait for a person."""
    settings = (reading.service.fields.get("deploymentConfiguration") or {}) if reading.service else {}
    bakes = timedelta(minutes=int(settings.get("bakeTimeInMinutes") or 0))
    until = [until for deployment in reading.deployments for _, until in deployment.awaits if until]
    waits = max(until, default=reading.at) - reading.at
    begun = reading.at - (reading.deployments[0].created if waits and reading.deployments else reading.at)
    return TAKES + bakes + waits + begun


def _taken(operation: Operation, reading: Reading, record: ServiceDeployment | None) -> Converged | None:
    if other := apply_plan.taken_by(operation, reading):
        words = f"somebody else deployed {short(other.definition)} at {other.created:%H:%M:%S} UTC"
        return Converged(kind=FactKind.SUPERSEDED, words=words, since=other.created)
    if record is None or record.status != "STOPPED" or record.triggered:
        return None
    newer = [deployment for deployment in reading.deployments if deployment.created > record.created]
    if not newer:
        return None
    words = f"somebody else deployed {short(newer[0].definition)} at {newer[0].created:%H:%M:%S} UTC"
    return Converged(kind=FactKind.SUPERSEDED, words=words, since=newer[0].created)


def _not_begun(
    operation: Operation, reading: Reading, service: Service, primary: Rollout, own: str
) -> Converged | None:
    """A look may show the state before the write: reads follow writes after a while."""
    if operation.step is not Step.DEPLOY:
        return None
    if own and any(rollout.id == own for rollout in service.rollouts):
        return None
    if own and primary.id != operation.primary:
        return None  # it was there, and something took its place
    if reading.at < operation.at + apply_plan.VISIBLE:
        return Converged(
            kind=FactKind.RESOURCE_PENDING, words="its deployment is not to be seen yet", since=operation.at
        )
    words = "its deployment was asked for, and nobody can see it"
    return Converged(kind=FactKind.UNPROVEN, words=words, since=operation.at)


def _by_its_end(operation: Operation, reading: Reading, record: ServiceDeployment, own: str) -> Converged | None:
    """By the record of the deployment's end."""
    trouble = stopped_tasks.trouble(reading.tasks, own) if operation.step is Step.DEPLOY else None
    why = trouble.words if trouble else ""
    if record.status == "SUCCESSFUL" or (operation.step is not Step.DEPLOY and record.status == "ROLLBACK_SUCCESSFUL"):
        return None
    if not record.over:
        return _under_way(record, reading, own, operation, trouble)
    reason = " ".join(filter(None, (record.reason, f"({record.triggered})" if record.triggered else "")))
    words = " ".join(filter(None, (f"{why};" if why and reason else why, reason))) or f"it ended {record.status}"
    return Converged(kind=FactKind.RESOURCE_FAILED, words=words, since=record.created, own=own)


def _under_way(
    record: ServiceDeployment,
    reading: Reading,
    own: str,
    operation: Operation,
    trouble: stopped_tasks.Trouble | None,
) -> Converged:
    if pauses.has_reached(record, operation.until):
        words = f"it waits at {record.stage} for a person's word"
        return Converged(words=words, since=record.created, own=own, at_once=True)
    if record.awaits:
        hook, until = record.awaits[0]
        ends = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        words = f"it waits for somebody to continue it at hook {hook}{ends}"
        return Converged(kind=FactKind.RESOURCE_PENDING, words=words, since=record.created, own=own)
    if record.goes_back:
        words = f"the service rolls it back: {record.reason or record.triggered or 'it does not say why'}"
        return Converged(kind=FactKind.RESOURCE_PENDING, words=words, since=record.created, own=own)
    return _rolling(reading, own, operation, trouble, f" at {record.stage}" if record.stage else "")


def _rolling(
    reading: Reading, own: str, operation: Operation, trouble: stopped_tasks.Trouble | None, where: str = ""
) -> Converged:
    """Under way: what keeps its tasks from staying is decisive only if the service itself would go on for ever."""
    running = sum(task.status == "RUNNING" and task.started_by == own for task in reading.tasks)
    desired = reading.service.desired if reading.service else 0
    words = f"{running} of {desired} new tasks run{where}"
    if trouble:
        words = f"{words}; {trouble.words}"
    decisive = trouble is not None and trouble.times >= stopped_tasks.MANY and not _has_breaker(reading)
    return Converged(
        kind=FactKind.RESOURCE_FAILED if decisive else FactKind.RESOURCE_PENDING,
        words=trouble.words if decisive and trouble else words,
        since=operation.at,
        own=own,
    )


def _by_its_state(operation: Operation, reading: Reading, service: Service, own: str) -> Converged | None:
    """Without that record: by the state that the service lists."""
    listed = next((rollout for rollout in service.rollouts if rollout.id == own), None)
    trouble = stopped_tasks.trouble(reading.tasks, own) if operation.step is Step.DEPLOY else None
    state = listed.state if listed else "FAILED"
    if state in {"COMPLETED", ""}:
        return None
    if state == "IN_PROGRESS":
        return _rolling(reading, own, operation, trouble)
    reason = (listed.reason if listed else "") or "the service gave it up"
    words = f"{trouble.words}; {reason}" if trouble else reason
    return Converged(kind=FactKind.RESOURCE_FAILED, words=words, since=operation.at, own=own)


def _proof(
    operation: Operation, reading: Reading, service: Service, primary: Rollout, record: ServiceDeployment | None
) -> Converged:
    """By the tasks that run now, once the deployment itself ended well."""
    pending = FactKind.RESOURCE_PENDING
    if primary.definition != operation.definition:
        words = f"it runs {short(primary.definition)}, not {short(operation.definition)}"
        return Converged(kind=FactKind.RESOURCE_FAILED, words=words, since=primary.created, own=primary.id)
    if primary.state == "IN_PROGRESS":
        words = f"the deployment of {short(primary.definition)} is not completed yet"
        return Converged(kind=pending, words=words, since=primary.created, own=primary.id)
    if service.desired == 0:
        words = "no task is to run, so none shows it"
        return Converged(kind=FactKind.UNPROVEN, words=words, since=primary.created, own=primary.id)
    running = [task for task in reading.tasks if task.status == "RUNNING" and task.started_by == primary.id]
    if problem := _tasks(running, service, operation):
        return Converged(kind=pending, words=problem, since=primary.created, own=primary.id)
    old = [rollout for rollout in service.rollouts if rollout.id != primary.id and rollout.running]
    if old and not _deferred(service):
        words = f"{sum(rollout.running for rollout in old)} old tasks still run"
        return Converged(kind=pending, words=words, since=primary.created, own=primary.id)
    return Converged(
        notes=_notes(reading, service, record, operation, drain=bool(old)),
        since=primary.created,
        own=primary.id,
        at_once=_long_ago(operation, reading, running, record),
    )


def _long_ago(
    operation: Operation, reading: Reading, running: Sequence[Task], record: ServiceDeployment | None
) -> bool:
    """Whether it ended some time ago and none of its tasks was started or stopped since."""
    until = reading.at - LONG_AGO
    ended = record.ended if record else operation.at
    own = [task for task in reading.tasks if task.status == "STOPPED" and task.started_by == running[0].started_by]
    started = all(task.started and task.started <= until for task in running)
    return bool(ended and ended <= until and started and all(task.stopped and task.stopped <= until for task in own))


def _tasks(running: Sequence[Task], service: Service, operation: Operation) -> str:
    if len(running) < service.desired:
        return f"{len(running)} of {service.desired} tasks run"
    if strange := [task for task in running if task.definition != operation.definition]:
        return f"task {strange[0].id} runs {short(strange[0].definition)}"
    if sick := [task for task in running if task.health == "UNHEALTHY"]:
        return f"task {sick[0].id} is unhealthy"
    digests: dict[str, set[str]] = {}
    for task in running:
        for container in task.containers:
            digests.setdefault(container.name, set()).update({container.digest} - {""})
    mixed = [name for name, images in digests.items() if len(images) > 1]
    return f"container {mixed[0]} runs different images, pin its digest" if mixed else ""


def _notes(
    reading: Reading, service: Service, record: ServiceDeployment | None, operation: Operation, *, drain: bool
) -> tuple[str, ...]:
    alarms = ((service.fields.get("deploymentConfiguration") or {}).get("alarms") or {}).get("enable")
    checked = service.fields.get("loadBalancers") or alarms or any(task.health == "HEALTHY" for task in reading.tasks)
    unseen = operation.step is Step.DEPLOY and record is None
    notes = (
        "" if checked else "has no health check, load balancer or alarm: only that its tasks run is proven",
        "told nothing of its deployment's end: the account may not see it" if unseen else "",
        "still drains old tasks" if drain else "",
    )
    return tuple(note for note in notes if note)


def _has_breaker(reading: Reading) -> bool:
    """Whether the service gives up a failing deployment by itself."""
    settings = (reading.service.fields.get("deploymentConfiguration") or {}) if reading.service else {}
    return bool((settings.get("deploymentCircuitBreaker") or {}).get("enable"))


def _deferred(service: Service) -> bool:
    settings = service.fields.get("deploymentConfiguration") or {}
    early = settings.get("earlySuccessCriteria") or {}
    return bool(early.get("enable")) and early.get("sourceServiceRevisionCleanup") == "DEFERRED"
