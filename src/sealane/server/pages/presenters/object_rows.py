"""The objects of a deployment, each with its own state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sealane import typed_data
from sealane.deployments.model import Phase
from sealane.records.deployments import DeploymentState
from sealane.records.views import DeploymentView
from sealane.server.pages.deployment_views import ObjectRow
from sealane.server.pages.views import Pill, Tone
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import Health, VerdictKind, Workload

_TONES: Mapping[Health, Tone] = {Health.READY: "ok", Health.CONVERGING: "run", Health.FAILED: "bad"}
_THERE = Pill(tone="ok", words="there")
_NOT_YET = Pill(tone="off", words="not applied yet")
_NEVER = Pill(tone="off", words="not applied")


def rows(view: DeploymentView, health: FormationHealth | None = None) -> tuple[ObjectRow, ...]:
    """A row for each object of the revision in its current state; after a failure, in its state at the verdict.

    Where the health is unknown, it is the state in which the object was seen last.
    """
    seen = {workload.object: workload for workload in _seen(view)}
    objects = tuple(_row(view, rendered.kind, rendered.name, seen) for rendered in view.revision.objects)
    if health is None or health.state is not HealthState.UNKNOWN:
        return objects
    return tuple(replace(row, pill=was(row.pill)) for row in objects)


def was(pill: Pill) -> Pill:
    """A state that was seen before and that nobody can look at now, in no colour."""
    return Pill(tone="off", words=f"was {pill.words}")


def _seen(view: DeploymentView) -> tuple[Workload, ...]:
    if view.deployment.verdict and view.failure_report:
        return typed_data.convert(view.failure_report.get("workloads") or [], tuple[Workload, ...])
    return view.observation.workloads if view.observation else ()


def _row(view: DeploymentView, kind: str, name: str, seen: Mapping[str, Workload]) -> ObjectRow:
    workload = seen.get(f"{kind}/{name}")
    verdict = view.deployment.verdict
    cause = verdict.cause if verdict else None
    note = workload.message if workload and workload.health is not Health.READY else ""
    pill = _state(view, workload)
    if cause and cause.workload == f"{kind}/{name}":
        pill = Pill(tone="bad", words=words(workload) if workload and workload.ready < workload.desired else "failed")
    return ObjectRow(name=name, kind=kind, pill=pill, note=note or (beside(workload) if workload else ""))


def _state(view: DeploymentView, workload: Workload | None) -> Pill:
    deployment = view.deployment
    ended = deployment.verdict_kind
    if deployment.verdict and (ended is VerdictKind.CANCELLED or deployment.verdict.wrote_nothing):
        return _NEVER
    if ended is VerdictKind.ROLLED_BACK:
        return Pill(tone="off", words=f"was {words(workload)}" if workload and workload.runs else "rolled back")
    if deployment.state in {DeploymentState.WAITING, DeploymentState.QUEUED}:
        return _NOT_YET
    if workload is not None:
        return pill(workload)
    if ended is None and not _is_written(view):
        return _NOT_YET
    return _THERE if ended in {None, VerdictKind.DEPLOYED} else Pill(tone="off", words="left as it is")


def _is_written(view: DeploymentView) -> bool:
    """Whether its objects were written: they are watched then. Lines of the writing itself may say that it waits."""
    seen = view.observation is not None and view.observation.workloads
    return bool(seen) or any(entry.phase == Phase.WATCH for entry in view.timeline)


def pill(workload: Workload) -> Pill:
    """The state of an existing object."""
    if workload.suspended and not workload.ended:
        return Pill(tone="off", words="suspended")
    return Pill(tone=_TONES[workload.health], words=words(workload))


def beside(workload: Workload) -> str:
    """A note for a ready object; for one without instances, its details."""
    return workload.note or ("" if workload.runs else workload.message)


def words(workload: Workload) -> str:
    """`2 of 3 ready`; for an object without instances, only whether it exists."""
    if workload.ended:
        return "done"
    if workload.health is Health.FAILED and workload.ready >= workload.desired:
        return "failed"
    if workload.runs and workload.desired:
        return f"{workload.ready} of {workload.desired} ready"
    return "there" if workload.health is Health.READY else "not there yet"
