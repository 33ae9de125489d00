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
    """What the lower half tells of."""

    waits: Waits
    failures: Failures
    pipelines: Pipelines
    tests: RankedTests


def waits(found: Waits) -> WaitsBar | None:
    """The parts of the average way to production, with their shares; None where nothing was counted."""
    if not found.changes or not found.lead_time:
        return None
    parts = []
    for name, told in words.WAITS.items():
        share = getattr(found, name) / found.lead_time
        said = f"{told} {text.duration(getattr(found, name) / found.changes)}, {share * 100:.0f} %"
        parts.append(WaitPart(name=name, tone=_TONES[name], share=round(share * 100, 2), words=said))
    behind = Link(
        words=f"average of {text.count(found.changes, 'change')}",
        href=links.of_span(found.question, Figure.LEAD_TIME),
    )
    return WaitsBar(whole=text.duration(found.lead_time / found.changes), parts=tuple(parts), behind=behind)


def causes(found: Failures) -> tuple[FigureRow, ...]:
    """The most frequent first: the cause, where it is most often, and how often."""
    return tuple(
        FigureRow(
            name=Link(words=words.cause(cause.cause), href=""),
            cells=(
                Link(
                    words=cause.app, href=links.of_span(found.question, Figure.FAILED, cause=cause.cause, app=cause.app)
                ),
                Link(words=str(cause.times), href=links.of_span(found.question, Figure.FAILED, cause=cause.cause)),
            ),
        )
        for cause in found.causes
    )


def became(found: Failures) -> tuple[Link, ...]:
    """What became of the failed changes."""
    kinds = (
        (found.rolled_back, "rolled back automatically", "rolled_back"),
        (found.gone_back, "gone back from", "deployed"),
    )
    told = [
        Link(words=f"{times} {said}", href=links.of_span(found.question, Figure.FAILED, state=state))
        for times, said, state in kinds
        if times
    ]
    return (*told, *([Link(words=f"{found.left} left", href="")] if found.left else []))


def hours(found: Failures) -> tuple[HourBar, ...]:
    """A bar for each hour of the day, as high as its share of failed changes; none where nothing failed."""
    shares = [hour.failed / hour.changes if hour.changes else 0.0 for hour in found.hours]
    most = max(shares, default=0.0)
    return tuple(_bars(found, shares, most)) if most else ()


def _bars(found: Failures, shares: list[float], most: float) -> Iterator[HourBar]:
    for each, share in zip(found.hours, shares, strict=True):
        hour = filters.HOURS[each.hour]
        said = f"{hour}:00 to {each.hour + 1:02}:00: {each.failed} of {text.count(each.changes, 'change')} failed, {share * 100:.1f} %"
        href = links.of_span(found.question, Figure.CHANGES, hour=hour) if each.changes else ""
        yield HourBar(hour=hour, height=round(share / most * 100), link=Link(words=said, href=href))


def pipelines(found: Pipelines) -> tuple[FigureRow, ...]:
    """The runs of each app or team, those that fail most first."""
    key = By.TEAM.value if found.question.by is By.TEAM else By.APP.value
    listed = sorted(found.parts, key=lambda part: (part.ran.success, part.name))
    return tuple(
        FigureRow(
            name=Link(words=part.name, href=links.address("/insights", found.question, **{key: part.name})),
            cells=_ran(found.question, part.ran, **{key: part.name}),
        )
        for part in listed
    )


def steps(found: Pipelines) -> tuple[FigureRow, ...]:
    """The steps of the app that is chosen, the slowest first."""
    return tuple(
        FigureRow(name=Link(words=part.name, href=""), cells=_ran(found.question, part.ran, step=part.name))
        for part in found.steps
    )


def tests(found: RankedTests) -> RankedRows:
    """Each test with its step, whose app is said where none is chosen, and what is counted of it."""
    question = found.question
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
            for slow_test in found.slowest
        ),
        flakiest=_wrong(question, found.flakiest, filters.Ran.FLAKY),
        failing=_wrong(question, found.failing, filters.Ran.FAILED),
    )


def _wrong(question: Question, found: Iterable[WrongTest], ran: filters.Ran) -> tuple[FigureRow, ...]:
    return tuple(FigureRow(name=Link(words=test.name, href=""), cells=_test(question, test, ran)) for test in found)


def _test(question: Question, each: SlowTest | WrongTest, ran: filters.Ran) -> tuple[Link, ...]:
    href = links.runs(question, ran, app=each.app, step=each.step, test=each.name)
    step = Link(words=f"{each.app} {each.step}", href=links.address("/insights", question, app=each.app))
    return (Link(words=each.step, href="") if question.app else step, Link(words=str(each.runs), href=href))


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
