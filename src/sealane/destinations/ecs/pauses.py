"""Hooks of a deployment that wait for a person, as stages with approvals. Pure.

The service stops at such a hook, and each of them ends a stage here: a person's word lets the next stage begin, which is
what continues the service. A hook that goes on by itself when its time is over is no approval, and is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sealane.clients.aws.ecs_model import ServiceDeployment
from sealane.destinations import stages
from sealane.destinations.ecs.model import SERVICE, Manifest, Operation
from sealane.formations.gates import Gate

UNTIL = "sealane.dev/until"
"""An annotation of a service for one stage only: how far its deployment may go, as a stage of the service's own."""
BACK = "back"
"""Its value on the way back: nobody is asked, and each hook is continued."""

_ORDER = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
_TEST = _ORDER.index("TEST_TRAFFIC_SHIFT")
_MINUTES = 1440
"""How long the service waits at a hook that does not say it."""


def of(manifest: Manifest) -> dict[str, timedelta]:
    """The stages at which a service waits for a person, in their order, and for how long."""
    spec = manifest.get("spec") or {}
    waits: dict[str, timedelta] = {}
    if manifest.get("kind") != SERVICE:
        return waits
    for hook in (spec.get("deploymentConfiguration") or {}).get("lifecycleHooks") or ():
        limit = hook.get("timeoutConfiguration") or {}
        if hook.get("targetType") == "PAUSE" and limit.get("action", "ROLLBACK") == "ROLLBACK":
            wait = timedelta(minutes=int(limit.get("timeoutInMinutes") or _MINUTES))
            waits |= dict.fromkeys(map(str, hook.get("lifecycleStages") or ()), wait)
    return {stage: waits[stage] for stage in sorted(waits, key=_rank)}


def gates(manifests: Iterable[Mapping[str, Any]]) -> tuple[Gate, ...]:
    """A person's word for each stage at which any of the services waits."""
    waits: dict[str, timedelta] = {}
    for manifest in manifests:
        for stage, wait in of(manifest).items():
            waits[stage] = min(wait, waits.get(stage, wait))
    return tuple(
        Gate(name=name_of(stage), stage=name_of(stage), wait=waits[stage]) for stage in sorted(waits, key=_rank)
    )


def staged(objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
    """A stage up to each hook that waits for a person, for services of which the survey says that they are deployed."""
    deployed = [manifest for manifest in objects if str(manifest["metadata"]["name"]) in shape.survey]
    if shape.back:
        return stages.at_once([_until(manifest, BACK) if of(manifest) else manifest for manifest in objects], shape)
    course = sorted({stage for manifest in deployed for stage in of(manifest)}, key=_rank)
    if not course:
        return stages.at_once(objects, shape)
    before = tuple(
        stages.Stage(
            kind=stages.StageKind.PREVIEW if _rank(stage) >= _TEST else stages.StageKind.BESIDE,
            name=name_of(stage),
            message=f"up to {stage}, where a person is asked",
            objects=[_until(manifest, stage) if stage in of(manifest) else manifest for manifest in objects],
        )
        for stage in course
    )
    last = stages.Stage(kind=stages.StageKind.WHOLE, name="to the end", message="on to the end", objects=tuple(objects))
    return (*before, last)


def name_of(stage: str) -> str:
    """The name of a stage of the service among those of a rollout, and of its gate."""
    return stage.lower().replace("_", "-")


def until_of(manifest: Manifest) -> str:
    """How far the service's deployment may go; empty: to its end."""
    return str((manifest["metadata"].get("annotations") or {}).get(UNTIL) or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """What lets a deployment go as far as a stage says."""

    after: Operation
    """The operation on record after it."""
    hook: str = ""
    """The hook at which it is continued; empty if it is at none that it may pass."""


def passage(operation: Operation, own: ServiceDeployment, until: str) -> Passage:
    """How it is continued. A repeat for the same stage passes the same hook and no other, which a person has not seen."""
    after = replace(operation, until=until)
    if not own.awaits or not (until in {"", BACK} or _rank(own.stage) < _rank(until)):
        return Passage(after=after)
    hook = own.awaits[0][0]
    mark = f"{until} {hook}" if until == BACK else until
    if operation.continued.get(mark, hook) != hook:
        return Passage(after=after)
    return Passage(after=replace(after, continued={**operation.continued, mark: hook}), hook=hook)


def has_reached(own: ServiceDeployment, until: str) -> bool:
    """Whether it has come as far as that, or further because somebody else continued it."""
    if until in {"", BACK} or own.over or own.goes_back:
        return False
    rank = _rank(own.stage)
    return rank > _rank(until) or (rank == _rank(until) and bool(own.awaits))


def is_led_back(own: ServiceDeployment, manifest: Manifest, until: str) -> bool:
    """Whether it is on the way back, and may still come to a hook at which nobody is to be asked."""
    if until != BACK or own.over or own.goes_back:
        return False
    return any(_rank(own.stage) <= _rank(stage) for stage in of(manifest))


def _until(manifest: Manifest, stage: str) -> Manifest:
    metadata = manifest["metadata"]
    return {
        **manifest,
        "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), UNTIL: stage}},
    }


def _rank(stage: str) -> int:
    """Its place in the order; one that nobody knows is the first."""
    return _ORDER.index(stage) if stage in _ORDER else -1
