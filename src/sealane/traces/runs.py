"""The trace of a run: the event, the wait for a slot, and each step and image. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sealane.metrics.measure import trace_id
from sealane.metrics.model import Span
from sealane.pipelines.model import Kind, RunStatus, StepStatus
from sealane.records.runs import Run, RunStep
from sealane.traces.ids import span_id

_GOOD = {StepStatus.PASSED: True, StepStatus.FAILED: False, StepStatus.BROKEN: False}
_RESULTS = {
    "passed": "success",
    "failed": "failure",
    "broken": "error",
    "skipped": "skip",
    "cancelled": "cancellation",
}
"""OpenTelemetry's words for how a pipeline or a task ended."""
_TYPES = {Kind.IMAGE: "build", Kind.RETAG: "build", Kind.DELIVER: "deploy"}


def spans(run: Run, steps: Iterable[RunStep]) -> tuple[Span, ...]:
    """The spans of a run; none before it has ended."""
    return tuple(_spans(run, steps, run.ended)) if run.ended else ()


def step_span(run_id: str, key: str) -> str:
    """The id of a step's span, the parent of the deployments that the step asked for."""
    return span_id(run_id, key)


def _spans(run: Run, steps: Iterable[RunStep], ended: datetime) -> Iterator[Span]:
    trace, root = trace_id(run.id), span_id(run.id)
    event = run.event
    yield Span(
        trace=trace,
        id=root,
        parent=None,
        name=f"run {run.app}",
        start=run.created,
        end=ended,
        good={RunStatus.PASSED: True, RunStatus.FAILED: False, RunStatus.BROKEN: False}.get(run.status),
        message=run.reason or "",
        attributes={
            "cicd.pipeline.name": run.app,
            "cicd.pipeline.run.id": run.id,
            "cicd.pipeline.result": _RESULTS.get(run.status.value, ""),
            "vcs.ref.head.revision": event.commit or "",
            "vcs.ref.head.name": event.branch or event.ref or "",
            "sealane.cause": event.kind.value,
            "sealane.run": run.label,
        },
        events=((event.received, f"{event.kind.value} received"),),
    )
    yield Span(
        trace=trace, id=span_id(run.id, "queue"), parent=root, name="queue", start=run.created, end=run.started or ended
    )
    for step in steps:
        if step.started:
            yield _step(run, step, step.started, step.ended or ended)


def _step(run: Run, step: RunStep, started: datetime, ended: datetime) -> Span:
    return Span(
        trace=trace_id(run.id),
        id=step_span(run.id, step.key),
        parent=span_id(run.id),
        name=step.key,
        start=started,
        end=max(started, ended),
        good=_GOOD.get(step.status),
        message=step.reason or "",
        attributes={
            "cicd.pipeline.task.name": step.key,
            "cicd.pipeline.task.type": _TYPES.get(Kind(step.kind), ""),
            "cicd.pipeline.task.run.result": _RESULTS.get(step.status.value, ""),
            "sealane.exit_code": "" if step.exit_code is None else str(step.exit_code),
            "sealane.attempt": str(step.attempt),
        },
    )
