"""A run as a graph on a time line: its services, steps and images, and the results of its deliveries. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from sealane.pipelines.model import Kind, StepStatus
from sealane.records.deployments import Deployment
from sealane.records.runs import RunStep
from sealane.records.views import RunService, RunView
from sealane.server.pages import chart_views, text, time_scale
from sealane.server.pages.chart_views import Bar, BarTone, Chart, ChartRow, Edge
from sealane.server.pages.presenters import states
from sealane.server.pages.time_scale import Scale, Span

MOST = 200
"""Most rows that are drawn."""


def chart(view: RunView, now: datetime) -> Chart | None:
    """The whole run; None before any part has begun."""
    deployments = {f"{Kind.DELIVER}/{deployment.formation}": deployment for deployment in view.deployments}
    spans = [*_spans(view, deployments, now)]
    if not spans:
        return None
    scale = time_scale.scale(spans)
    rows = [
        _service(scale, service, _came_up(view, service, now), over=view.run.ended is not None)
        for service in view.services
    ]
    direct = reduced({step.key: step.needs for step in view.steps})
    bars: dict[str, tuple[Bar, ...]] = {}
    names = {step.key: step.name for step in view.steps}
    for step in view.steps:
        bars[step.key] = _bars(
            scale, step, deployments.get(step.key), [bars[need] for need in step.needs if need in bars], now
        )
        rows.append(
            _step(view, step, bars[step.key], deployments.get(step.key), [names[key] for key in direct[step.key]], now)
        )
    shown = rows[:MOST]
    return Chart(
        rows=tuple(shown),
        edges=tuple(_edges(shown, bars, direct)),
        ticks=scale.ticks,
        cuts=scale.cuts,
        more=len(rows) - len(shown),
    )


def reduced(needs: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Each one's needs, without those that another need already includes; needs only point backwards."""
    number = {key: at for at, key in enumerate(needs)}
    before: dict[str, int] = {}
    direct: dict[str, tuple[str, ...]] = {}
    for key, wanted in needs.items():
        known = [need for need in wanted if need in before]
        above = 0
        for need in known:
            above |= before[need]
        direct[key] = tuple(need for need in known if not above >> number[need] & 1)
        before[key] = above | sum(1 << number[need] for need in set(direct[key]))
    return direct


def _spans(view: RunView, deployments: Mapping[str, Deployment], now: datetime) -> Iterator[Span]:
    """The spans when a part was active; a delivery's waiting does not count."""
    for service in view.services:
        yield _came_up(view, service, now)
    for step in view.steps:
        if step.started:
            yield step.started, step.ended or (now if step.status is StepStatus.RUNNING else step.started)
        if (made := deployments.get(step.key)) and made.started:
            yield made.started, made.ended or now


def _bar(scale: Scale, span: Span, tone: BarTone | None, title: str = "") -> Bar:
    begin, end = (scale.place(moment) for moment in span)
    return Bar(x=begin, width=round(end - begin, 2), tone=tone or "none", title=title)


def _bars(
    scale: Scale, step: RunStep, made: Deployment | None, needs: Sequence[tuple[Bar, ...]], now: datetime
) -> tuple[Bar, ...]:
    """Its spans; before its beginning, a mark after its needs."""
    behind = round(max((bars[-1].x + bars[-1].width for bars in needs if bars), default=0.0), 2)
    if made is not None:
        asked = step.ended or made.created
        if made.started is None:
            begun = scale.place(asked)
            return (Bar(x=begun, width=max(0.0, round(behind - begun, 2)), tone="none", title="waits"),)
        tone = states.delivered(made.delivered).tone
        waits = _bar(scale, (asked, made.started), None, "waited")
        return (waits, _bar(scale, (made.started, made.ended or now), tone))
    if step.started:
        done = states.FAILURE_IGNORED[0] if step.failure_ignored else states.step(step.status)
        return (_bar(scale, (step.started, step.ended or now), done),)
    return (Bar(x=behind, width=0.0, tone="none"),)


def _came_up(view: RunView, service: RunService, now: datetime) -> Span:
    """From its start until it was healthy; if it never was, until the end of the run."""
    return service.started, service.ended or max(service.started, view.run.ended or now)


def _service(scale: Scale, service: RunService, span: Span, *, over: bool) -> ChartRow:
    tone: BarTone = "bad" if service.reason else "ok" if service.ended else "none" if over else "run"
    state = "failed" if service.reason else "healthy" if service.ended else "ended" if over else "starting"
    return ChartRow(
        key=f"service/{service.name}",
        name=service.name,
        kind="service",
        state=state,
        tone=tone,
        time=_lasted(span),
        href="",
        after="",
        bars=(_bar(scale, span, tone),),
    )


def _step(
    view: RunView, step: RunStep, bars: tuple[Bar, ...], made: Deployment | None, needs: Sequence[str], now: datetime
) -> ChartRow:
    tone: BarTone
    if made is not None:
        pill, href = states.delivered(made.delivered), f"/deployments/{made.id}"
        tone, state = pill.tone, pill.words
        span = (made.started, made.ended or now) if made.started else None
    else:
        tone, state, href = states.step(step.status) or "none", step.status.value, _address(view, step)
        if step.failure_ignored:
            tone, state = states.FAILURE_IGNORED
        span = (step.started, step.ended or now) if step.started else None
    return ChartRow(
        key=step.key,
        name=step.name,
        kind={"step": "", "deliver": "delivery"}.get(step.kind, step.kind),
        state=state,
        tone=tone,
        time=_lasted(span) if span else "",
        href=href,
        after=" and ".join(needs),
        bars=bars,
    )


def _address(view: RunView, step: RunStep) -> str:
    return f"/runs/{view.run.id}?step={quote(step.key, safe='')}"


def _lasted(span: Span) -> str:
    return text.duration((span[1] - span[0]).total_seconds())


def _edges(
    rows: Sequence[ChartRow], bars: Mapping[str, tuple[Bar, ...]], needs: Mapping[str, Sequence[str]]
) -> Iterator[Edge]:
    middle = {row.key: at * chart_views.ROW + chart_views.MIDDLE for at, row in enumerate(rows)}
    for row in rows:
        for need in needs.get(row.key, ()):
            first = bars[need][-1]
            if need in middle:
                end = first.x + first.width
                yield Edge(x=round(end, 2), y=middle[need], to_x=max(row.bars[0].x, end), to_y=middle[row.key])
