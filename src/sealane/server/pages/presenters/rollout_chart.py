"""A rollout on a time line: its stages, its gates' requests, and its instances over time. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sealane.deployments.model import Phase
from sealane.records.deployments import Deployment, TimelineEntry
from sealane.records.instance_counts import InstanceCount
from sealane.records.views import DeploymentView
from sealane.server.pages import text, time_scale
from sealane.server.pages.chart_views import Bar, BarTone, Chart, ChartRow, Column, CountRow, InstanceChart, Mark
from sealane.server.pages.time_scale import Scale
from sealane.verdicts.gate_requests import GateRequests
from sealane.verdicts.model import VerdictKind

HEIGHT = 84
"""Pixels of the instances' chart."""
_PARTS: Mapping[str, str] = {
    Phase.APPLY: "rollout",
    Phase.WATCH: "rollout",
    Phase.PAUSE: "pause",
    Phase.GATES: "gates",
    Phase.HOOKS: "hooks",
    Phase.FAILURE_REPORT: "evidence",
    Phase.REVERT: "rollback",
    Phase.PRUNE: "clean-up",
}
"""Phases by the part that they belong to: writing and watching alternate, and form one part."""

_FAILED = frozenset({VerdictKind.FAILED, VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a rollout, with its span."""

    name: str
    stage: str
    begin: datetime
    end: datetime


def chart(view: DeploymentView, now: datetime) -> Chart | None:
    """A row for each part and gate; None before it has begun."""
    deployment = view.deployment
    if deployment.started is None:
        return None
    scale = _scale(deployment, deployment.started, now)
    cut = parts(view.timeline, deployment.started, deployment.ended or now)
    following = itertools.zip_longest(cut, (part.name for part in cut[1:]), fillvalue="")
    rows = [_row(scale, part, deployment, follows) for part, follows in following if isinstance(part, Part)]
    rows += [_gate(scale, gate, at) for at, gate in enumerate(view.requests)]
    return Chart(rows=tuple(rows), edges=(), ticks=scale.ticks, cuts=scale.cuts)


def parts(timeline: Sequence[TimelineEntry], begin: datetime, end: datetime) -> tuple[Part, ...]:
    """The parts, one after the other: each lasts from its first line to the next part's first line."""
    drawn: list[Part] = []
    for entry in timeline:
        name, stage = _PARTS.get(entry.phase, ""), _stage(entry)
        if not name or not begin <= entry.at <= end:
            continue
        last = drawn[-1] if drawn else None
        if last and last.name == name and stage in {"", last.stage}:
            continue
        at = entry.at if last else begin
        if last:
            drawn[-1] = replace(last, end=at)
        drawn.append(Part(name=name, stage=stage, begin=at, end=end))
    return tuple(drawn)


def instances(view: DeploymentView, now: datetime) -> InstanceChart | None:
    """The number of instances over time; None if never observed."""
    deployment = view.deployment
    if deployment.started is None or not view.instances:
        return None
    begin, end = deployment.started, deployment.ended or now
    scale = _scale(deployment, begin, now)
    shown = [_counted(count) for count in view.instances]
    most = max(1, *(sum(counts) for counts in shown))
    moments = [max(count.at, begin) for count in view.instances]
    columns = [
        _column(scale, (at, max(at, until)), counts, most, begin)
        for at, until, counts in zip(moments, [*moments[1:], end], shown, strict=True)
    ]
    numbers = [
        CountRow(after=_after(begin, at), new=new, coming=coming, old=old)
        for at, (new, coming, old) in zip(moments, shown, strict=True)
    ]
    unit = view.observation.unit if view.observation else "instance"
    return InstanceChart(
        unit=f"{unit}s",
        words=_words(shown, f"{unit}s"),
        height=HEIGHT,
        most=most,
        columns=tuple(columns),
        numbers=tuple(numbers),
    )


def _scale(deployment: Deployment, begin: datetime, now: datetime) -> Scale:
    return time_scale.scale([(begin, max(begin, deployment.ended or now))])


def _stage(entry: TimelineEntry) -> str:
    return str((entry.detail or {}).get("stage", ""))


def _row(scale: Scale, part: Part, deployment: Deployment, follows: str) -> ChartRow:
    """`follows` is the part after it; empty for the last one."""
    live = not follows and deployment.ended is None
    tone: BarTone = "run" if live else _tone(part, deployment, follows)
    begin, end = scale.place(part.begin), scale.place(part.end)
    return ChartRow(
        key=f"part-{part.begin.isoformat()}",
        name=f"{part.name} {part.stage}".strip(),
        kind="",
        state=(deployment.waiting_for or "under way") if live else "failed" if tone == "bad" else "",
        tone=tone,
        time=text.duration((part.end - part.begin).total_seconds()),
        href="",
        after="",
        bars=(Bar(x=begin, width=round(end - begin, 2), tone=tone),),
    )


def _tone(part: Part, deployment: Deployment, follows: str) -> BarTone:
    """A part before the evidence or a rollback has failed; a rollback is no success either."""
    if part.name == "rollback":
        return "bad" if deployment.verdict_kind is VerdictKind.ROLLBACK_FAILED else "back"
    if part.name == "evidence":
        return "none"
    failed = deployment.verdict_kind in _FAILED and not follows and part.name != "clean-up"
    return "bad" if failed or follows in {"evidence", "rollback"} else "ok"


def _gate(scale: Scale, gate: GateRequests, at: int) -> ChartRow:
    spans = [(request.at, request.at + timedelta(seconds=request.seconds)) for request in gate.requests]
    begin, end = scale.place(spans[0][0]), scale.place(max(span[1] for span in spans))
    bad = gate.count - gate.good
    return ChartRow(
        key=f"gate-{at}",
        name=gate.gate,
        kind="gate",
        state=f"{gate.good} of {text.count(gate.count, 'answer')} good",
        tone="bad" if bad else "ok",
        time=text.duration((spans[-1][1] - spans[0][0]).total_seconds()),
        href="",
        after="",
        bars=(Bar(x=begin, width=round(end - begin, 2), tone="none"),),
        marks=tuple(
            Mark(x=scale.place(request.at), good=request.good, title=f"{request.at:%H:%M:%S} {request.answer}")
            for request in gate.requests
        ),
    )


def _counted(count: InstanceCount) -> tuple[int, int, int]:
    """New and ready, new and not ready, old; during a rollback, the former version's count as the old ones."""
    if count.back:
        return 0, count.old, count.updated
    return count.ready, max(0, count.updated - count.ready), count.old


def _column(
    scale: Scale, span: tuple[datetime, datetime], counts: tuple[int, int, int], most: int, begin: datetime
) -> Column:
    left, right = (scale.place(moment) for moment in span)
    new, coming, old = counts
    return Column(
        x=left,
        width=round(right - left, 2),
        parts=tuple(_stacked((("old", old), ("new", new), ("coming", coming)), most)),
        title=f"after {_after(begin, span[0])}: {new} new ready, {coming} new not ready, {old} old",
    )


def _stacked(counts: Sequence[tuple[str, int]], most: int) -> Iterator[tuple[str, float, float]]:
    """From the bottom to the top."""
    below = 0
    for name, count in counts:
        if count:
            high = HEIGHT * count / most
            yield name, round(HEIGHT * (most - below - count) / most, 1), round(high, 1)
        below += count


def _after(begin: datetime, at: datetime) -> str:
    return text.duration(max(0.0, (at - begin).total_seconds()))


def _words(shown: Sequence[tuple[int, int, int]], units: str) -> str:
    """`New pods that are ready: 0, 1, 3. Old pods: 3, 2, 0.`"""
    new, old = [counts[0] for counts in shown], [counts[2] for counts in shown]
    return f"New {units} that are ready: {_course(new)}. Old {units}: {_course(old)}."


def _course(counts: Sequence[int]) -> str:
    """`0, 1, 3`: the counts in order; the middle of many is left out."""
    steps = [count for count, _ in itertools.groupby(counts)]
    shown = [*map(str, steps[:3]), "…", *map(str, steps[-3:])] if len(steps) > 7 else [*map(str, steps)]
    return ", ".join(shown)
