"""Whether a rollout is healthy, failed or still on its way. Pure: knows nothing about clusters, and is told the time.

It is level-based: the same observation at the same time gives the same judgement, whatever was seen before. Holding and
patience count from the times in the observation, so a watcher that was restarted goes on where the last one was.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sealane.verdicts import diagnose, model, sightings, thresholds
from sealane.verdicts.judgement import Judgement, Memory, Rules, State
from sealane.verdicts.messages import causes

RESOLUTION = sightings.RESOLUTION
PATIENCE = timedelta(seconds=60)


def patience(stated: timedelta | None, startup: timedelta | None) -> timedelta:
    """A formation's patience: as stated, or the larger of 60 s and three times its last verified revision's start-up."""
    if stated is not None:
        return stated
    return max(PATIENCE, 3 * startup) if startup else PATIENCE


def judge(observation: model.Observation, rules: Rules, *, now: datetime, memory: Memory | None = None) -> Judgement:
    """Judges the observation.

    Decisive facts count first, then ended patience, then health that has held, then the deadline. While the destination
    does not answer, nothing fails and nothing becomes healthy: the observation is old.
    """
    memory = memory or Memory()
    causes = diagnose.diagnose(observation, rules, now=now, memory=memory)
    weights = [thresholds.weigh(fact, rules, memory) for fact in observation.facts]
    first = causes[0] if causes else None
    if first and first.decisive:
        return _failed(first, observation)
    if observation.blind_since:
        waiting = f"the destination has not answered since {observation.blind_since:%H:%M:%S}"
        return _progressing(waiting, observation.blind_since, cause=first)
    dues = [weight.due for weight in weights if weight.due]
    if first and any(due <= now for due in dues):
        return _failed(first, observation)
    if observation.everything_ready:
        until = _held_until(observation, rules, memory)
        if until is None or until <= now:
            return Judgement(state=State.HEALTHY, waiting_for="everything is ready", since=now)
        dues.append(until)
    longest = max((rules.deadline, *(workload.takes for workload in observation.workloads)))
    deadline = rules.started + longest + memory.blind
    if now >= deadline:
        return _overdue(observation, rules, first)
    return _progressing(
        _waiting_for(observation, first, now=now, rules=rules, memory=memory),
        first.since if first else rules.started,
        cause=first,
        again=min(due for due in (*dues, deadline) if due > now),
    )


def startup(observation: model.Observation) -> timedelta:
    """How long the slowest instance of the desired version took from creation to ready."""
    took = [
        instance.ready_since - instance.created
        for instance in observation.instances
        if instance.desired and instance.ready_since
    ]
    return max(took, default=timedelta())


def _held_until(observation: model.Observation, rules: Rules, memory: Memory) -> datetime | None:
    """When ready will have lasted for long enough; None when nothing has to last."""
    until = [
        _ready_since(workload, workload.ready_since, observation, rules, memory)
        + max(rules.healthy_for, workload.hold)
        + RESOLUTION
        for workload in observation.workloads
        if workload.ready_since and not workload.settled and max(rules.healthy_for, workload.hold)
    ]
    return max((*until, *_proven(observation, rules)), default=None)


def _ready_since(
    workload: model.Workload,
    since: datetime,
    observation: model.Observation,
    rules: Rules,
    memory: Memory,
) -> datetime:
    """From when ready counts. Where it was told late, from when it was told and as late again: so late an end may be told."""
    times = (
        instance.ready_since + 2 * sightings.late(instance, rules, memory)
        for instance in observation.instances
        if instance.workload == workload.object and instance.desired and instance.ready and instance.ready_since
    )
    return max((since, *times))


def _proven(observation: model.Observation, rules: Rules) -> Iterator[datetime]:
    """When each container that ended once will have run for longer than it did before."""
    ready = {instance.object: instance.ready_since for instance in observation.instances}
    for fact in observation.facts:
        since, span = ready.get(fact.object), thresholds.proof(fact, rules)
        if since and span:
            yield since + span + RESOLUTION


def _waiting_for(
    observation: model.Observation,
    cause: model.Cause | None,
    *,
    now: datetime,
    rules: Rules,
    memory: Memory,
) -> str:
    behind = [workload for workload in observation.workloads if workload.health is not model.Health.READY]
    if not behind:
        until = _held_until(observation, rules, memory) or now
        return f"everything is ready and has to stay so for {_seconds(until - now)} more"
    if cause and cause.reason is not model.FactKind.STARTING:
        return causes.bare(cause.sentence)
    return "; ".join(
        f"{causes.name(workload.object, observation.unit)}: {causes.bare(workload.message)}" for workload in behind
    )


def _seconds(span: timedelta) -> str:
    return f"{max(1, round(span.total_seconds()))} s"


def _progressing(
    waiting_for: str, since: datetime, *, cause: model.Cause | None = None, again: datetime | None = None
) -> Judgement:
    return Judgement(state=State.PROGRESSING, waiting_for=waiting_for, since=since, cause=cause, again=again)


def _failed(cause: model.Cause, observation: model.Observation) -> Judgement:
    return Judgement(state=State.FAILED, waiting_for=cause.sentence, since=observation.at, cause=cause)


def _overdue(observation: model.Observation, rules: Rules, cause: model.Cause | None) -> Judgement:
    """The failure after the deadline: the most causal fact is why, else the workload that is furthest behind."""
    if cause is None:
        behind = next(
            (workload for workload in observation.workloads if workload.health is not model.Health.READY), None
        )
        subject = behind.object if behind else "the deployment"
        message = behind.message if behind else "ready did not hold"
        state = "done" if behind and behind.one_shot else "there" if behind and not behind.runs else "ready"
        cause = model.Cause(
            sentence=causes.sentences(
                f"{causes.name(subject, observation.unit)} was not {state} after {_seconds(rules.deadline)}: {causes.bare(message)}"
            ),
            object=subject,
            workload=subject,
            reason=model.FactKind.NOT_READY,
            decisive=False,
            since=rules.started,
        )
    return _failed(cause, observation)
