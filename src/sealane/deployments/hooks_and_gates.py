"""The hooks and gates of a rollout: hooks before, after and on failure, gates between stages. `run_hooks` runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sealane.deployments import failure_reports, hooks, model
from sealane.deployments.gates.model import GateSubject, Report
from sealane.destinations import model as destinations
from sealane.formations.gates import Gate, Hook, NewLines, When
from sealane.formations.graph_annotations import Annotation
from sealane.stencils import platform
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import State


@dataclass(frozen=True, kw_only=True, slots=True)
class HooksAndGates:
    """The hooks and gates of one revision, and which hooks ran."""

    gates: tuple[Gate, ...] = ()
    hooks: tuple[Hook, ...] = ()
    jobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Rendered Jobs by `stencils.platform`'s keys."""
    made: frozenset[str] = frozenset()
    """`Kind/name` of what hooks before a rollout need: the formation's own Secret and ConfigMap, and what charts say."""
    annotations: tuple[Annotation, ...] = ()
    """Metric stores to tell how it ended."""
    ran: tuple[str, ...] = ()
    """Hooks before a rollout that ran for this release in earlier deployments."""
    back: bool = False
    """It is a rollback: nothing runs before it."""
    first: bool = False
    """Nothing of the formation was verified before."""
    new_errors: NewLines = NewLines.IGNORE
    """What happens on error lines that were never printed before."""

    def manifests(self, key: Any) -> dict[str, Mapping[str, Any]]:
        """Name of each hook or gate to its Job; `key` makes the key of a name."""
        names = [*(gate.name for gate in self.gates), *(hook.name for hook in self.hooks)]
        return {name: self.jobs[key(name)] for name in names if key(name) in self.jobs}


def of(revision: Revision, *, ran: Sequence[str] = (), back: bool = False, first: bool = False) -> HooksAndGates:
    """The hooks and gates of the revision."""
    own = ((revision.secret_kind, revision.secret_object), (revision.config_kind, revision.config_object))
    return HooksAndGates(
        gates=revision.strategy.every_gate,
        hooks=revision.hooks,
        annotations=revision.annotations,
        jobs={key: rendered.object for key, rendered in revision.jobs.items()},
        made=frozenset(f"{kind}/{name}" for (_, kind), name in own if name) | frozenset(revision.early),
        ran=tuple(ran),
        back=back,
        first=first,
        new_errors=revision.strategy.guard.new_errors,
    )


def order(
    beside: HooksAndGates,
    chosen: Sequence[Hook],
    identity: destinations.Identity,
    *,
    what: str = "",
    patience: timedelta,
) -> hooks.HookRequest:
    """The request for some of its hooks; `what` is `undo` for undoing them."""
    key = platform.undo_key if what == "undo" else platform.hook_key
    return hooks.HookRequest(
        hooks=chosen, manifests=beside.manifests(key), identity=identity, what=what, patience=patience
    )


def not_undone(done: Sequence[str], undone: hooks.HookResult) -> str:
    """Which hooks ran and were not undone, and why; empty when all were undone."""
    left = [name for name in done if name not in undone.done]
    why = f": {undone.cause.sentence.rstrip('.')}" if undone.cause else ": nothing says how"
    names = f"hook {left[0]}" if len(left) == 1 else f"hooks {', '.join(left)}"
    return f"what {names} did was not undone{why}" if left else ""


def failing(watched: model.WatchResult, cause: verdicts.Cause) -> model.WatchResult:
    """The healthy result, failed by its gates or hooks."""
    judgement = replace(watched.judgement, state=State.FAILED, waiting_for=cause.sentence, cause=cause, again=None)
    return replace(watched, judgement=judgement)


def with_evidence(
    failure_report: failure_reports.FailureReport, more: Mapping[str, Any] | None
) -> failure_reports.FailureReport:
    """The failure report, with a Job's evidence before its own."""
    if more is None:
        return failure_report
    own = failure_reports.FailureReport.from_json(more)
    cause = failure_report.cause
    if cause and cause.log is None and own.cause:
        cause = replace(cause, log=own.cause.log)
    return replace(
        failure_report,
        cause=cause,
        instances=(*own.instances, *failure_report.instances),
        events=(*own.events, *failure_report.events),
        logs=(*own.logs, *failure_report.logs),
        terminations=(*own.terminations, *failure_report.terminations),
    )


def refused(cause: verdicts.Cause, more: Mapping[str, Any] | None, difference: Sequence[Mapping[str, Any]]) -> Any:
    """The report of a deployment that wrote nothing, because a hook before it failed."""
    return with_evidence(failure_reports.refused(cause, difference=difference), more)


def evidence(report: Report) -> Mapping[str, Any] | None:
    """The evidence of the gate that failed, when it was a Job."""
    return report.decisive.failure_report if report.decisive else None


def hooks_at(beside: HooksAndGates, when: When) -> tuple[Hook, ...]:
    """The hooks of that time."""
    if when is When.BEFORE:
        return hooks.not_run(beside.hooks, beside.ran, back=beside.back, first=beside.first)
    return hooks.due(beside.hooks, when, first=beside.first)


def subject(own: HooksAndGates, target: model.Target, *, key: str, since: datetime) -> GateSubject:
    """The subject of the gates at one point of the rollout."""
    return GateSubject(identity=target.identity, key=key, since=since, jobs=own.manifests(platform.gate_key))
