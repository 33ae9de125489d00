"""Stability: whether the instances stay ready once they are. Pure: knows nothing about clusters or time.

A single container that ends twice is judged by itself (`thresholds`). The guard sees what no single instance shows:
many instances of a workload that fall once each, or one that becomes ready and unready again and again. A restart before
an instance was ever ready belongs to its start-up and doesn't count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sealane.verdicts import model, thresholds
from sealane.verdicts.judgement import Judgement, State
from sealane.verdicts.messages import causes

FEWEST = 3
"""Falls of one workload that are too many, however few instances it has."""
SHARE = 0.3
"""Falls are too many when there are as many as this share of the instances, and not fewer than FEWEST."""
FLAPS = 2
"""So many losses of ready without a restart are too many for one instance."""

_OTHERS = frozenset({model.FactKind.NODE_NOT_RESPONDING, model.FactKind.EVICTED, model.FactKind.VOLUME_PENDING})
"""Why an instance may be unready without a fault of the version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StabilityRules:
    """What the guard looks for."""

    restarts: bool = True
    flaps: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Restarts:
    """How often an instance fell since it first was ready."""

    restarts: int
    """Its containers' restarts at the last look."""
    ready: bool
    restarted: int = 0
    flapped: int = 0
    """Times it lost ready without a restart, and got it back."""
    ended: bool = False
    """Whether it is unready now because a container ended: that is a restart, not a flap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stability:
    """What was seen of each instance that was ever ready since the deployment began; kept across stages."""

    falls: Mapping[str, Restarts] = field(default_factory=dict)


def noted(before: Stability, observation: model.Observation, *, started: datetime) -> Stability:
    """Adds this observation. Instances from before the deployment don't count."""
    falls: dict[str, Restarts] = {}
    excused = {fact.object for fact in observation.facts if fact.kind in _OTHERS}
    one_shot = {workload.object for workload in observation.workloads if workload.one_shot}
    for instance in observation.instances:
        if instance.workload in one_shot:
            continue
        if not instance.desired or instance.terminating or instance.created < started - thresholds.NEWBORN:
            continue
        if instance.object in excused:
            if instance.object in before.falls:
                falls[instance.object] = before.falls[instance.object]
            continue
        restarts = sum(container.restarts for container in instance.containers if container.role is not model.Role.INIT)
        known = before.falls.get(instance.object)
        if known is None:
            if instance.ready:
                falls[instance.object] = Restarts(restarts=restarts, ready=True)
            continue
        more = max(0, restarts - known.restarts)
        flapped = instance.ready and not known.ready and not (more or known.ended)
        falls[instance.object] = Restarts(
            restarts=restarts,
            ready=instance.ready,
            restarted=known.restarted + more,
            flapped=known.flapped + flapped,
            ended=not instance.ready and (known.ended or more > 0),
        )
    gone = {name: fall for name, fall in before.falls.items() if name not in falls and (fall.restarted or fall.flapped)}
    return Stability(falls={**gone, **falls})


def unsteady(steadiness: Stability, observation: model.Observation, watch: StabilityRules) -> model.Cause | None:
    """Why the new version is not stable; None when it is."""
    for workload in observation.workloads:
        mine = [
            instance for instance in observation.instances if instance.workload == workload.object and instance.desired
        ]
        fallen = {
            instance.object: steadiness.falls[instance.object]
            for instance in mine
            if instance.object in steadiness.falls
        }
        if cause := _unsteady(workload, fallen, watch, observation):
            return cause
    return None


def guarded(
    judgement: Judgement, steadiness: Stability, observation: model.Observation, watch: StabilityRules
) -> Judgement:
    """The judgement, turned into a failure when the new version is not stable."""
    cause = unsteady(steadiness, observation, watch)
    if cause is None:
        return judgement
    return Judgement(state=State.FAILED, waiting_for=cause.sentence, since=observation.at, cause=cause)


def _unsteady(
    workload: model.Workload, fallen: Mapping[str, Restarts], watch: StabilityRules, observation: model.Observation
) -> model.Cause | None:
    counts = {
        name: (fall.restarted if watch.restarts else 0) + (fall.flapped if watch.flaps else 0)
        for name, fall in fallen.items()
    }
    total = sum(counts.values())
    enough = max(FEWEST, math.ceil(SHARE * max(workload.desired, len(fallen))))
    worst = max(counts, key=lambda name: counts[name], default=None)
    flapping = watch.flaps and any(fall.flapped >= FLAPS for fall in fallen.values())
    if worst is None or (total < enough and not flapping):
        return None
    restarted = sum(fall.restarted for fall in fallen.values()) if watch.restarts else 0
    several = sum(bool(count) for count in counts.values())
    sentences = [
        f"restarted {_times(restarted)}" if restarted else "",
        f"lost ready {_times(total - restarted)}" if total > restarted else "",
    ]
    number = max(workload.desired, several)
    unit = observation.unit
    instances = f"{number} {unit if number == 1 else f'{unit}s'} {'has' if several == 1 else 'have'}"
    return model.Cause(
        sentence=(
            f"{causes.name(workload.object, unit)} is not steady: after they were ready, {several} of its "
            f"{instances} {' and '.join(part for part in sentences if part)}."
        ),
        object=worst,
        workload=workload.object,
        reason=model.FactKind.UNSTEADY,
        decisive=True,
        since=observation.at,
        others=several - 1,
    )


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
