"""Insights as comma-separated values. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from sealane.insights.model import Figures, Insights

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of something to compute."""


def written(found: Insights) -> str:
    """A line each for all together, as many days before, each point of the trend, and each part."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(asdict(found.now))
    writer.writerow(["of", "name", "since", "until", *names])
    for of, name, since, until, figures in _lines(found):
        known = asdict(figures)
        writer.writerow([of, _shown(name), since.isoformat(), until.isoformat(), *(known[each] for each in names)])
    return text.getvalue()


def _lines(found: Insights) -> Iterator[tuple[str, str, datetime, datetime, Figures]]:
    span = found.question.span
    yield "all", "", span.since, span.until, found.now
    yield "before", "", span.before, span.since, found.before
    for point in found.trend:
        yield "trend", "", point.since, point.until, point.figures
    for part in found.parts:
        yield found.question.by.value, part.name, span.since, span.until, part.figures


def _shown(name: str) -> str:
    """A stranger's name, which no spreadsheet shall compute."""
    return f"'{name}" if name.startswith(_FORMULA) else name
