"""Links from the figures of insights to the list behind each. Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from sealane.insights.model import Question
from sealane.records.filters import Figure, Filter, Ran
from sealane.server.pages import text
from sealane.server.pages.presenters import lists


def behind(question: Question, figure: Figure, since: datetime, until: datetime, **only: str) -> str:
    """The list of the deployments behind a figure."""
    chosen = {"app": question.app, "team": question.team, "environment": question.environment, **only}
    production = chosen["environment"] is None
    listed = Filter(figure=figure, since=since, until=until, production=production)
    return lists.address("/deployments", listed, **chosen)


def of_span(question: Question, figure: Figure, **only: str) -> str:
    """The same for the whole query."""
    return behind(question, figure, question.span.since, question.span.until, **only)


def runs(question: Question, ran: Ran, **only: str) -> str:
    """The list of the runs behind a figure."""
    chosen = {"app": question.app, "team": question.team, **only}
    return lists.address("/runs", Filter(ran=ran, since=question.span.since, until=question.span.until), **chosen)


def address(path: str, question: Question, **only: str) -> str:
    """The address of the page, or of its data, with the query and some changes."""
    given = {"app": question.app, "team": question.team, "environment": question.environment}
    given |= {"days": str(question.span.days), "by": question.by.value, **only}
    return f"{path}?{urlencode({name: value for name, value in given.items() if value})}"


def span(seconds: float | None) -> str:
    """A duration in words; a dash without data."""
    return "-" if seconds is None else text.duration(seconds)
