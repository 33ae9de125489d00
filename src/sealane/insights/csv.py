"""Insights as comma-separated values. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime

from sealane.insights.definitions import WAITS
from sealane.insights.model import Failures, Figures, Insights, Pipelines, RankedTests, Waits

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters that start a formula in a spreadsheet."""


def written(insights: Insights) -> str:
    """A line each for the total, the same number of days before, each point of the trend, and each part."""
    names = list(asdict(insights.now))
    lines = (
        [of, name, since.isoformat(), until.isoformat(), *asdict(figures).values()]
        for of, name, since, until, figures in _lines(insights)
    )
    return _table(["of", "name", "since", "until", *names], lines)


def pipelines(counted: Pipelines) -> str:
    """A line each for the runs of each app or team, and for each step of the chosen app."""
    listed = [("runs", part) for part in counted.parts] + [("step", part) for part in counted.steps]
    names = ("runs", "passed", "success", "median", "p95")
    lines = ([of, part.name, *(getattr(part.ran, name) for name in names)] for of, part in listed)
    return _table(["of", "name", *names], lines)


def tests(ranked: RankedTests) -> str:
    """A line for each test of each list; only the slowest have times."""
    heads = ("of", "app", "step", "name", "runs", "median", "p95")
    slowest = (["slowest", *asdict(slow_test).values()] for slow_test in ranked.slowest)
    wrong = (("flakiest", ranked.flakiest), ("failing", ranked.failing))
    return _table(heads, [*slowest, *([of, *asdict(test).values(), "", ""] for of, part in wrong for test in part)])


def failures(counted: Failures) -> str:
    """A line each for the outcomes of failed changes, for each cause, and for each hour of the day."""
    became = ([name, "", "", getattr(counted, name), counted.failed] for name in ("rolled_back", "gone_back", "left"))
    causes = (["cause", cause.cause, cause.app, cause.times, counted.failed] for cause in counted.causes)
    hours = (["hour", str(hour.hour), "", hour.failed, hour.changes] for hour in counted.hours)
    return _table(["of", "name", "most_often_in", "failed", "out_of"], [*became, *causes, *hours])


def waits(counted: Waits) -> str:
    """A line for each part of the time from commit to production."""
    lines = (
        [name, seconds, seconds / counted.lead_time if counted.lead_time else 0.0]
        for name in WAITS
        for seconds in [getattr(counted, name)]
    )
    return _table(["part", "seconds", "share"], lines)


def _table(heads: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_shown(cell) if isinstance(cell, str) else cell for cell in line] for line in lines)
    return text.getvalue()


def _lines(insights: Insights) -> Iterator[tuple[str, str, datetime, datetime, Figures]]:
    span = insights.question.span
    yield "all", "", span.since, span.until, insights.now
    yield "before", "", span.before, span.since, insights.before
    for point in insights.trend:
        yield "trend", "", point.since, point.until, point.figures
    for part in insights.parts:
        yield insights.question.by.value, part.name, span.since, span.until, part.figures


def _shown(name: str) -> str:
    """An untrusted name, changed so that no spreadsheet computes it."""
    return f"'{name}" if name.startswith(_FORMULA) else name
