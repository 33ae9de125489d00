"""The lower half of the page of insights: waits, causes, hours of the day, pipelines, their steps and tests. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sealane.insights import words
from sealane.insights.model import By, Failures, Pipelines, Question, Ran, RankedTests, SlowTest, Waits, WrongTest
from sealane.records import filters
from sealane.records.filters import Figure
from sealane.server.pages import text
from sealane.server.pages.insight_views import FigureRow, HourBar, RankedRows, WaitPart, WaitsBar
from sealane.server.pages.presenters import insight_links as links
from sealane.server.pages.views import Link, Tone

_TONES: dict[str, Tone] = {
    "queue": "off",
    "steps": "run",
    "approval": "wait",
    "hold": "bad",
    "window": "wait",
    "rollout": "ok",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Breakdown:
    """The data of the lower half."""

    waits: Waits
    failures: Failures
    pipelines: Pipelines
    tests: RankedTests


def waits(counted: Waits) -> WaitsBar | None:
    """The parts of the average way to production, with their shares; None without data."""
    if not counted.changes or not counted.lead_time:
        return None
    parts = []
    for name, label in words.WAITS.items():
        share = getattr(counted, name) / counted.lead_time
        sentence = f"{label} {text.duration(getattr(counted, name) / counted.changes)}, {share * 100:.0f} %"
        parts.append(WaitPart(name=name, tone=_TONES[name], share=round(share * 100, 2), words=sentence))
    behind = Link(
        words=f"average of {text.count(counted.changes, 'change')}",
        href=links.of_span(counted.question, Figure.LEAD_TIME),
    )
    return WaitsBar(whole=text.duration(counted.lead_time / counted.changes), parts=tuple(parts), behind=behind)


def causes(counted: Failures) -> tuple[FigureRow, ...]:
    """The most frequent first: the cause, its most frequent place, and how often."""
    return tuple(
        FigureRow(
            name=Link(words=words.cause(cause.cause), href=""),
            cells=(
                Link(
                    words=cause.app,
                    href=links.of_span(counted.question, Figure.FAILED, cause=cause.cause, app=cause.app),
                ),
                Link(words=str(cause.times), href=links.of_span(counted.question, Figure.FAILED, cause=cause.cause)),
            ),
        )
        for cause in counted.causes
    )


def became(counted: Failures) -> tuple[Link, ...]:
    """The results of the failed changes."""
    kinds = (
        (counted.rolled_back, "rolled back automatically", "rolled_back"),
        (counted.gone_back, "rolled back by a person", "deployed"),
    )
    parts = [
        Link(words=f"{times} {label}", href=links.of_span(counted.question, Figure.FAILED, state=state))
        for times, label, state in kinds
        if times
    ]
    return (*parts, *([Link(words=f"{counted.left} left", href="")] if counted.left else []))


def hours(counted: Failures) -> tuple[HourBar, ...]:
    """A bar for each hour of the day, as high as its share of failed changes; none without failures."""
    shares = [hour.failed / hour.changes if hour.changes else 0.0 for hour in counted.hours]
    most = max(shares, default=0.0)
    return tuple(_bars(counted, shares, most)) if most else ()


def _bars(counted: Failures, shares: list[float], most: float) -> Iterator[HourBar]:
    for counts, share in zip(counted.hours, shares, strict=True):
        hour = filters.HOURS[counts.hour]
        sentence = f"{hour}:00 to {counts.hour + 1:02}:00: {counts.failed} of {text.count(counts.changes, 'change')} failed, {share * 100:.1f} %"
        href = links.of_span(counted.question, Figure.CHANGES, hour=hour) if counts.changes else ""
        yield HourBar(hour=hour, height=round(share / most * 100), link=Link(words=sentence, href=href))


def pipelines(counted: Pipelines) -> tuple[FigureRow, ...]:
    """The runs of each app or team, the one with the highest failure rate first."""
    key = By.TEAM.value if counted.question.by is By.TEAM else By.APP.value
    listed = sorted(counted.parts, key=lambda part: (part.ran.success, part.name))
    return tuple(
        FigureRow(
            name=Link(words=part.name, href=links.address("/insights", counted.question, **{key: part.name})),
            cells=_ran(counted.question, part.ran, **{key: part.name}),
        )
        for part in listed
    )


def steps(counted: Pipelines) -> tuple[FigureRow, ...]:
    """The steps of the chosen app, the slowest first."""
    return tuple(
        FigureRow(name=Link(words=part.name, href=""), cells=_ran(counted.question, part.ran, step=part.name))
        for part in counted.steps
    )


def tests(ranked: RankedTests) -> RankedRows:
    """Each test with its step and its counts, and with its app if none is chosen."""
    question = ranked.question
    return RankedRows(
        slowest=tuple(
            FigureRow(
                name=Link(words=slow_test.name, href=""),
                cells=(
                    *_test(question, slow_test, filters.Ran.PASSED),
                    Link(words=_seconds(slow_test.median), href=""),
                    Link(words=_seconds(slow_test.p95), href=""),
                ),
            )
            for slow_test in ranked.slowest
        ),
        flakiest=_wrong(question, ranked.flakiest, filters.Ran.FLAKY),
        failing=_wrong(question, ranked.failing, filters.Ran.FAILED),
    )


def _wrong(question: Question, wrong: Iterable[WrongTest], ran: filters.Ran) -> tuple[FigureRow, ...]:
    return tuple(FigureRow(name=Link(words=test.name, href=""), cells=_test(question, test, ran)) for test in wrong)


def _test(question: Question, test: SlowTest | WrongTest, ran: filters.Ran) -> tuple[Link, ...]:
    href = links.runs(question, ran, app=test.app, step=test.step, test=test.name)
    step = Link(words=f"{test.app} {test.step}", href=links.address("/insights", question, app=test.app))
    return (Link(words=test.step, href="") if question.app else step, Link(words=str(test.runs), href=href))


def _seconds(seconds: float) -> str:
    """Most tests take less than a second."""
    return links.span(seconds) if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _ran(question: Question, ran: Ran, **only: str) -> tuple[Link, ...]:
    failed = ran.runs - ran.passed
    return (
        Link(words=str(ran.runs), href=links.runs(question, filters.Ran.ALL, **only)),
        Link(words=str(failed), href=links.runs(question, filters.Ran.FAILED, **only) if failed else ""),
        Link(words=f"{ran.success * 100:.1f} %", href=""),
        Link(words=links.span(ran.median), href=links.runs(question, filters.Ran.PASSED, **only) if ran.passed else ""),
        Link(words=links.span(ran.p95), href=""),
    )
