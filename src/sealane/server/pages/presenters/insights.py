"""The page of insights: figures with their trend, each leading to the deployments behind it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sealane.insights import words
from sealane.insights.model import By, Figures, Insights, Point, Question
from sealane.records.filters import Figure, Places
from sealane.server.pages import text
from sealane.server.pages.insight_views import Chart, FigureRow, InsightsPage, Tile
from sealane.server.pages.list_views import Choice
from sealane.server.pages.presenters import insight_breakdown, lists
from sealane.server.pages.presenters import insight_links as links
from sealane.server.pages.views import Link, Tone

PATH = "/insights"
_DAYS = (7, 30, 90, 365)
_COLUMNS = ("Deployments", "A day", "Lead time", "95 of 100", "Failed", "Share", "Restored in")
_SAME = 0.02
"""A smaller difference counts as none."""


def page(
    counted: Insights, breakdown: insight_breakdown.Breakdown, places: Places, teams: Sequence[str]
) -> InsightsPage:
    """The page; `places` and `teams` are the options."""
    question = counted.question
    return InsightsPage(
        choices=_choices(question, places, teams),
        csv=links.address("/api/insights.csv", question),
        environments=counted.environments,
        empty=_empty(counted),
        tiles=_tiles(counted),
        by=question.by.value,
        columns=_COLUMNS,
        rows=tuple(_part(question, part.name, part.figures) for part in counted.parts),
        points=tuple(
            FigureRow(
                name=Link(words=_when(question, point.since, point.until), href=""),
                cells=_cells(point.figures, _at(question, point)),
            )
            for point in counted.trend
        ),
        waits=insight_breakdown.waits(breakdown.waits),
        causes=insight_breakdown.causes(breakdown.failures),
        became=insight_breakdown.became(breakdown.failures),
        hours=insight_breakdown.hours(breakdown.failures),
        of_runs="" if question.environment is None else ", whatever they deliver to",
        pipelines=insight_breakdown.pipelines(breakdown.pipelines),
        steps=insight_breakdown.steps(breakdown.pipelines),
        tests=insight_breakdown.tests(breakdown.tests),
        definitions=(*((words.TITLES[figure], words.DEFINITIONS[figure]) for figure in Figure), *words.MORE.items()),
    )


def _choices(question: Question, places: Places, teams: Sequence[str]) -> tuple[Choice, ...]:
    days = sorted({*_DAYS, question.span.days})
    return (
        lists.choice("app", question.app, places.apps, "All apps"),
        lists.choice("team", question.team, teams, "All teams"),
        lists.choice("environment", question.environment, places.environments, "Production"),
        Choice(
            name="days",
            label="Days",
            value=str(question.span.days),
            options=tuple((str(day), text.count(day, "day")) for day in days),
        ),
        Choice(
            name="by",
            label="By",
            value=question.by.value,
            options=tuple((by.value, f"By {by.value}") for by in By),
        ),
    )


def _empty(counted: Insights) -> str:
    if not counted.environments:
        return "Nothing that you may read goes to production, which an environment's file calls so (production: true). Or choose one above."
    if not counted.now.changes and not counted.before.changes:
        where = ", ".join(counted.environments)
        return f"Nothing changed in {where} in these {text.count(counted.question.span.days, 'day')}, nor in as many before."
    return ""


def _tiles(counted: Insights) -> tuple[Tile, ...]:
    now, before, days = counted.now, counted.before, counted.question.span.days
    earlier = f"than the {text.count(days, 'day')} before"
    share, lead, restore = now.failure_rate, now.lead_time, now.time_to_restore
    within = f", 95 of 100 within {text.duration(now.lead_time_p95)}" if now.lead_time_p95 is not None else ""
    return (
        _tile(
            counted,
            Figure.DEPLOYMENTS,
            number=(_a_day(now), "a day"),
            change=_relative(now.per_day, before.per_day, ("more", "ok"), ("fewer", "bad"), earlier),
            note=text.count(now.deployments, "deployment"),
        ),
        _tile(
            counted,
            Figure.LEAD_TIME,
            number=(links.span(lead), ""),
            change=_slower(lead, before.lead_time, earlier),
            note=f"median of {now.lead_times}{within}",
        ),
        _tile(
            counted,
            Figure.FAILED,
            number=("-" if share is None else f"{share * 100:.1f}", "" if share is None else "%"),
            change=_points(share, before.failure_rate, earlier),
            note=f"{now.failed} of {text.count(now.changes, 'change')}",
        ),
        _tile(
            counted,
            Figure.RESTORED,
            number=(links.span(restore), ""),
            change=_slower(restore, before.time_to_restore, earlier),
            note=f"median of {now.restored} made good",
        ),
    )


def _tile(counted: Insights, figure: Figure, *, number: tuple[str, str], change: tuple[str, Tone], note: str) -> Tile:
    question = counted.question
    return Tile(
        title=words.TITLES[figure],
        number=number[0],
        unit=number[1],
        change=change[0],
        tone=change[1],
        note=Link(words=note, href=links.behind(question, figure, question.span.since, question.span.until)),
        chart=_chart(counted, figure),
    )


_VALUES: dict[Figure, Callable[[Figures], float | None]] = {
    Figure.DEPLOYMENTS: lambda figures: figures.deployments,
    Figure.LEAD_TIME: lambda figures: figures.lead_time,
    Figure.FAILED: lambda figures: figures.failed,
    Figure.RESTORED: lambda figures: figures.time_to_restore,
}
_BARS = frozenset({Figure.DEPLOYMENTS, Figure.FAILED})


def _chart(counted: Insights, figure: Figure) -> Chart:
    value = _VALUES[figure]
    labels = {
        Figure.DEPLOYMENTS: lambda figures: text.count(figures.deployments, "deployment"),
        Figure.LEAD_TIME: lambda figures: f"lead time {links.span(figures.lead_time)}",
        Figure.FAILED: lambda figures: f"{figures.failed} of {text.count(figures.changes, 'change')} failed",
        Figure.RESTORED: lambda figures: f"restored in {links.span(figures.time_to_restore)}",
    }[figure]
    points = counted.trend
    return Chart(
        title=words.TITLES[figure],
        kind="bars" if figure in _BARS else "line",
        at=tuple(int(point.since.timestamp()) for point in points),
        values=tuple(value(point.figures) for point in points),
        words=tuple(
            f"{_when(counted.question, point.since, point.until)}: {labels(point.figures)}"  # type: ignore[no-untyped-call]
            for point in points
        ),
        links=tuple(links.behind(counted.question, figure, point.since, point.until) for point in points),
    )


def _at(question: Question, point: Point) -> Callable[[Figure], str]:
    return lambda figure: links.behind(question, figure, point.since, point.until)


def _part(question: Question, name: str, figures: Figures) -> FigureRow:
    only = {question.by.value: name}
    span = question.span
    return FigureRow(
        name=Link(words=name, href=links.address(PATH, question, **only)),
        cells=_cells(figures, lambda figure: links.behind(question, figure, span.since, span.until, **only)),
    )


def _cells(figures: Figures, behind: Callable[[Figure], str]) -> tuple[Link, ...]:
    share = figures.failure_rate
    return (
        _cell(str(figures.deployments), figures.deployments, behind(Figure.DEPLOYMENTS)),
        Link(words=_a_day(figures), href=""),
        _cell(links.span(figures.lead_time), figures.lead_times, behind(Figure.LEAD_TIME)),
        Link(words=links.span(figures.lead_time_p95), href=""),
        _cell(str(figures.failed), figures.failed, behind(Figure.FAILED)),
        _cell("-" if share is None else f"{share * 100:.1f} %", figures.changes, behind(Figure.CHANGES)),
        _cell(links.span(figures.time_to_restore), figures.restored, behind(Figure.RESTORED)),
    )


def _a_day(figures: Figures) -> str:
    """`14.2`, `0.9`; `0.02` if rarer than once in ten days."""
    rare = 0 < figures.per_day < 0.1
    return f"{figures.per_day:.1g}" if rare else f"{figures.per_day:.1f}"


def _cell(words: str, counted: int, href: str) -> Link:
    return Link(words=words, href=href if counted else "")


def _when(question: Question, since: datetime, until: datetime) -> str:
    """`Mon 2 Nov`, or from the first to the last day of a longer point."""
    if question.span.width == 86_400:
        return f"{since:%a} {since.day} {since:%b}"
    return f"{since.day} {since:%b} to {until.day} {until:%b}"


def _relative(
    now: float, before: float, more: tuple[str, Tone], fewer: tuple[str, Tone], earlier: str
) -> tuple[str, Tone]:
    if not before:
        return "", "off"
    change = now / before - 1
    if abs(change) < _SAME:
        return f"as many as {earlier.removeprefix('than ')}", "off"
    word, tone = more if change > 0 else fewer
    return f"{abs(change) * 100:.0f} % {word} {earlier}", tone


def _slower(now: float | None, before: float | None, earlier: str) -> tuple[str, Tone]:
    if now is None or before is None:
        return "", "off"
    if abs(now - before) <= _SAME * before:
        return f"as quick as {earlier.removeprefix('than ')}", "off"
    difference = text.duration(abs(now - before))
    return (f"{difference} slower {earlier}", "bad") if now > before else (f"{difference} quicker {earlier}", "ok")


def _points(now: float | None, before: float | None, earlier: str) -> tuple[str, Tone]:
    if now is None or before is None:
        return "", "off"
    difference = (now - before) * 100
    if abs(difference) < 0.05:
        return f"as in {earlier.removeprefix('than ')}", "off"
    amount = f"{abs(difference):.1f} points"
    return (f"{amount} more {earlier}", "bad") if difference > 0 else (f"{amount} less {earlier}", "ok")
