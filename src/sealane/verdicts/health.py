"""The health of a formation from its verdict on. Pure: judges as a rollout does, but never ends.

Level-based as `evaluate` is: the observation and the last health give the new health; nothing else is remembered.
A formation whose instances crashed is healthy again only once they have run for twice as long as before the crash: one
that crashes again and again after the same time is never healthy in between, however late a busy node reports the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sealane.verdicts import diagnose, evaluate, model, thresholds
from sealane.verdicts.judgement import Judgement, Rules, State
from sealane.verdicts.messages import causes

WINDOW = timedelta(minutes=15)
"""Older ends of containers don't count: longer than the longest pause that a cluster makes before a restart."""
PROOF = timedelta(minutes=10)
"""The longest time that a container has to run before its last end is forgotten: a cluster forgets it then, too."""


class HealthState(StrEnum):
    """The state of a formation."""

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    """Not all of it is ready yet; that may change by itself."""
    DEGRADED = "degraded"
    """Some of it does not work, and would have failed a rollout."""
    MISSING = "missing"
    """Something that was deployed is gone."""
    SUSPENDED = "suspended"
    """Somebody stopped a part of it: scaled it to zero, or paused it."""
    UNKNOWN = "unknown"
    """The destination does not answer."""


BAD = frozenset({HealthState.DEGRADED, HealthState.MISSING})
"""States that a person should look at."""
OWN = frozenset(
    {
        model.FactKind.CANNOT_START,
        model.FactKind.BAD_COMMAND,
        model.FactKind.INIT_ENDED,
        model.FactKind.OUT_OF_MEMORY,
        model.FactKind.ENDED,
        model.FactKind.KILLED_BY_PROBE,
        model.FactKind.PROBE_FAILING,
        model.FactKind.INIT_RUNNING,
        model.FactKind.NOT_READY,
    }
)
"""Faults of an instance itself; all others are those of a node, a registry, the cluster or a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormationHealth:
    """The state of a formation, why, and since when."""

    state: HealthState
    since: datetime
    cause: str = ""
    """One sentence; empty while it is healthy."""
    object: str | None = None
    """The object to blame: a pod, a workload."""
    workload: str | None = None
    container: str | None = None
    reason: model.FactKind | None = None
    """The kind of fault, where it is degraded."""
    bad_since: datetime | None = None
    """Since when it has been degraded or missing, never healthy in between."""
    own: bool = False
    """It is degraded by its own instances' doing: nothing outside of them is known to be wrong."""
    last: FormationHealth | None = None
    """While it is unknown: the last known health, if there is one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthJudgement:
    """The health that an observation gives."""

    health: FormationHealth
    again: datetime | None = None
    """When to judge again even without a new observation."""


def judge(
    observation: model.Observation, rules: Rules, *, now: datetime, before: FormationHealth | None
) -> HealthJudgement:
    """The health now. `rules` are those of its rollout; their start and deadline don't count any more."""
    if observation.blind_since:
        return HealthJudgement(health=unknown(observation.blind_since, before))
    before = _lasting(before)
    rules = _from_now_on(rules, before, now=now)
    seen = replace(observation, facts=tuple(_unproven(observation, now=now)))
    judged = evaluate.judge(seen, rules, now=now)
    gone = (fact.since + thresholds.LAG for fact in seen.facts if fact.kind is model.FactKind.REMOVED)
    times = (judged.again, *gone, *(proven for _, proven in _proofs(seen)))
    again = min((time for time in times if time and time > now), default=None)
    current = _said(seen, judged, rules, now=now, before=before)
    return HealthJudgement(health=_since(current, before), again=again)


def _lasting(before: FormationHealth | None) -> FormationHealth | None:
    """What still counts of the last health. While nobody could look, only trouble counts, as it was seen last."""
    if before is None or before.state is not HealthState.UNKNOWN:
        return before
    if before.last and before.last.state in BAD:
        return before.last
    return before if before.bad_since else None


def _from_now_on(rules: Rules, before: FormationHealth | None, *, now: datetime) -> Rules:
    """The rollout's rules without its times: patience and deadline count from when the trouble began."""
    rules = replace(rules, started=now, since=now - WINDOW)
    if before and before.state is HealthState.PROGRESSING:
        return replace(rules, started=before.since)
    if before and before.state is HealthState.DEGRADED:  # trouble is over when it is healthy, not after a while
        return replace(rules, started=before.since, deadline=now - before.since + rules.deadline)
    return rules


def unknown(since: datetime, before: FormationHealth | None, why: str = "") -> FormationHealth:
    """The health is unknown because the destination does not answer, or because of `why`."""
    last = before
    if before and before.state is HealthState.UNKNOWN:
        since, last = min(before.since, since), before.last
    was = f"It was {last.state.value} then" if last else ""
    reason = why or f"The destination has not answered since {since:%Y-%m-%d %H:%M:%S} UTC"
    return FormationHealth(
        state=HealthState.UNKNOWN,
        since=since,
        cause=causes.sentences(reason, was),
        bad_since=before.bad_since if before else None,
        last=last,
    )


def _said(
    observation: model.Observation,
    judged: Judgement,
    rules: Rules,
    *,
    now: datetime,
    before: FormationHealth | None,
) -> FormationHealth:
    if missing := _missing(observation, rules, now=now):
        return missing
    cause = judged.cause
    if cause and cause.reason is model.FactKind.PAUSED:
        return _blaming(HealthState.SUSPENDED, cause)
    if judged.state is State.FAILED and cause:
        return replace(_blaming(HealthState.DEGRADED, cause), own=_is_own(cause, observation))
    if judged.state is State.HEALTHY or (observation.everything_ready and (before is None or _was_well(before))):
        return _stopped(observation, now=now) or FormationHealth(state=HealthState.HEALTHY, since=now)
    if before and before.state is HealthState.DEGRADED:
        return before  # until it has lasted
    waits = causes.sentences(judged.waiting_for)
    blamed = cause or next(
        (workload for workload in observation.workloads if workload.health is not model.Health.READY), None
    )
    return FormationHealth(
        state=HealthState.PROGRESSING,
        since=now,
        cause=waits,
        object=blamed.object if blamed else None,
        workload=cause.workload if cause else blamed.object if blamed else None,
        reason=cause.reason if cause else None,
    )


def _was_well(before: FormationHealth) -> bool:
    return before.bad_since is None and before.state is not HealthState.UNKNOWN


def _blaming(state: HealthState, cause: model.Cause) -> FormationHealth:
    return FormationHealth(
        state=state,
        since=cause.since,
        cause=cause.sentence,
        object=cause.object,
        workload=cause.workload,
        container=cause.container,
        reason=cause.reason,
    )


def _is_own(cause: model.Cause, observation: model.Observation) -> bool:
    """Whether nothing outside is to blame: on a node that is gone, no instance is ready."""
    outside = {
        fact.object for fact in observation.facts if fact.kind not in OWN and fact.kind is not model.FactKind.STARTING
    }
    return cause.reason in OWN and not outside & {cause.object, cause.workload}


def _missing(observation: model.Observation, rules: Rules, *, now: datetime) -> FormationHealth | None:
    """The objects that are gone; one that is being replaced is gone for a moment, too."""
    gone = [fact for fact in observation.facts if fact.kind is model.FactKind.REMOVED]
    gone = [absent for absent in gone if absent.since + thresholds.LAG <= now]
    if not gone:
        return None
    alone = replace(observation, facts=(gone[0],))
    cause = diagnose.diagnose(alone, rules, now=now)[0]
    more = f"{len(gone) - 1} more of its objects are not there" if len(gone) > 1 else ""
    return replace(_blaming(HealthState.MISSING, cause), cause=causes.sentences(cause.sentence, more))


def _stopped(observation: model.Observation, *, now: datetime) -> FormationHealth | None:
    stopped = [workload for workload in observation.workloads if workload.suspended]
    if not stopped:
        return None
    facts = [
        f"{causes.name(workload.object, observation.unit)} {workload.note or 'is suspended'}"
        for workload in stopped[:3]
    ]
    more = f"{len(stopped) - 3} more of its workloads are suspended" if len(stopped) > 3 else ""
    return FormationHealth(
        state=HealthState.SUSPENDED,
        since=now,
        cause=causes.sentences(*facts, more),
        object=stopped[0].object,
        workload=stopped[0].object,
    )


def _since(current: FormationHealth, before: FormationHealth | None) -> FormationHealth:
    """The health, with the times of the last one where the state or trouble is the same or was not over yet."""
    since = current.since
    if before and (before.state is current.state or _is_same_trouble(current, before)):
        since = before.since
    elif before and before.state is not HealthState.UNKNOWN:
        since = max(since, before.since)  # the fact may be older than this trouble
    bad_since = before.bad_since if before else None
    if current.state is HealthState.HEALTHY:
        bad_since = None
    elif current.state in BAD:
        bad_since = bad_since or since
    return replace(current, since=since, bad_since=bad_since)


def _is_same_trouble(current: FormationHealth, before: FormationHealth) -> bool:
    """Whether this trouble grew out of the last one: a crash loop begins with the first crash that was seen."""
    on_its_way = before.state is HealthState.PROGRESSING and current.state is HealthState.DEGRADED
    return (
        on_its_way and current.reason is not None and (before.object, before.reason) == (current.object, current.reason)
    )


def _unproven(observation: model.Observation, *, now: datetime) -> Iterator[model.Fact]:
    """The facts, without those of containers that have since run for twice as long as before their end."""
    for fact, proven in _proofs(observation):
        if proven is None or proven > now:
            yield fact


def _proofs(observation: model.Observation) -> Iterator[tuple[model.Fact, datetime | None]]:
    """Each fact, with the time at which its container will have run for twice as long as before its end."""
    ready = {instance.object: instance.ready_since for instance in observation.instances if instance.ready}
    for fact in observation.facts:
        since, span = ready.get(fact.object), thresholds.run_before(fact)
        if since is None or span is None:
            yield fact, None
        else:
            yield fact, since + min(max(2 * span, thresholds.LEAST_PROOF), PROOF) + evaluate.RESOLUTION
