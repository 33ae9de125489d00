"""The trace of a deployment: each thing it waited for, its policies, each phase and stage, and its verdict. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from sealane.metrics.measure import trace_id
from sealane.metrics.model import Span
from sealane.records.deployments import Deployment, TimelineEntry
from sealane.traces.ids import span_id
from sealane.traces.runs import step_span
from sealane.verdicts.model import VerdictKind

_GOOD = {
    VerdictKind.DEPLOYED: True,
    VerdictKind.FAILED: False,
    VerdictKind.ROLLED_BACK: False,
    VerdictKind.ROLLBACK_FAILED: False,
}
_VERDICT = "verdict"


def spans(deployment: Deployment, timeline: Sequence[TimelineEntry], *, version: str | None) -> tuple[Span, ...]:
    """The spans of a deployment; none before it has ended. `version` is its release's deploy tag.

    They are in the trace of its run, under the step that asked for it; one that a person asked for has its own trace.
    """
    return tuple(_spans(deployment, timeline, deployment.ended, version)) if deployment.ended else ()


def _spans(
    deployment: Deployment, timeline: Sequence[TimelineEntry], ended: datetime, version: str | None
) -> Iterator[Span]:
    run, verdict = deployment.run_id, deployment.verdict
    yield Span(
        trace=trace_id(run or deployment.id),
        id=span_id(deployment.id),
        parent=step_span(run, f"deliver/{deployment.formation}") if run else None,
        name=f"deployment {deployment.label}",
        start=deployment.created,
        end=ended,
        good=_GOOD.get(verdict.kind) if verdict else None,
        message=verdict.reason if verdict and _GOOD.get(verdict.kind) is False else "",
        attributes={
            "deployment.id": deployment.id,
            "deployment.environment.name": deployment.environment,
            "sealane.app": deployment.app,
            "sealane.formation": deployment.formation,
            "sealane.release": deployment.release_id or "",
            "sealane.version": version or "",
            "sealane.revision": deployment.revision_id,
            "sealane.verdict": verdict.kind.value if verdict else "",
        },
        events=((ended, f"{_VERDICT}: {verdict.kind.value}, {verdict.reason}"),) if verdict else (),
    )
    if deployment.started:
        yield from _phases(deployment, timeline, ended)
    else:
        yield from before(replace(deployment, started=ended))


def before(deployment: Deployment, *, checks: float = 0.0) -> tuple[Span, ...]:
    """The spans before its start: each thing it waited for, then the queue, then so many seconds of policies and limits."""
    started = deployment.started
    if started is None:
        return ()
    opened = min(deployment.opened or started, started)
    checking = max(opened, started - timedelta(seconds=checks))
    parts = (
        *((wait.kind.value, wait.since, wait.until or opened) for wait in deployment.waits),
        ("queue", opened, checking),
        *((("policies", checking, started),) if checks else ()),
    )
    return tuple(_part(deployment, name, start, end, number=at) for at, (name, start, end) in enumerate(parts))


def _phases(deployment: Deployment, timeline: Sequence[TimelineEntry], ended: datetime) -> Iterator[Span]:
    """One span for consecutive lines of a phase, until the next phase begins; each stage has its own."""
    before_verdict = [line for line in timeline if line.phase != _VERDICT and line.at <= ended]
    phases = [(phase, list(lines)) for phase, lines in groupby(before_verdict, key=lambda line: line.phase)]
    ends = (*(lines[0].at for _, lines in phases[1:]), ended)
    for number, ((phase, lines), end) in enumerate(
        zip(phases, ends, strict=False)
    ):  # without a phase, it ended at once
        notes = tuple((line.at, line.text) for line in lines)
        yield _part(deployment, phase, lines[0].at, end, events=notes, number=number)


def _part(
    deployment: Deployment,
    name: str,
    start: datetime,
    end: datetime,
    *,
    events: tuple[tuple[datetime, str], ...] = (),
    number: int = 0,
) -> Span:
    return Span(
        trace=trace_id(deployment.run_id or deployment.id),
        id=span_id(deployment.id, name, str(number)),
        parent=span_id(deployment.id),
        name=name,
        start=start,
        end=max(start, end),
        events=events,
    )
