"""Which runs or deployments a list shows: the same parameters in the API and in the pages' addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query

from sealane import clock, inputs
from sealane.errors import UsageError
from sealane.findings import did_you_mean
from sealane.insights.model import MOST_DAYS, By, Question, Span
from sealane.records import filters
from sealane.records.accounts import AuditFilter
from sealane.records.filters import Figure, Filter, Ran


def _asked(description: str, *, one_of: Sequence[str] = ()) -> Any:
    """A filter in the query; an empty one matches everything, as in a form that nobody filled in."""
    limits: dict[str, Any] = {"enum": ["", *one_of]} if one_of else {"maxLength": inputs.LONGEST_LINE}
    return Query(description=description, json_schema_extra=limits)


def _run_filter(
    *,
    app: Annotated[str, _asked("Only this app.")] = "",
    formation: Annotated[str, _asked("Only those that are delivered to this formation.")] = "",
    environment: Annotated[str, _asked("Only those that are delivered to this environment.")] = "",
    branch: Annotated[str, _asked("Only this branch's.")] = "",
    state: Annotated[str, _asked("Only those in this state.", one_of=filters.RUN_STATES)] = "",
    author: Annotated[str, _asked("Only those whose author's name has this in it.")] = "",
    search: Annotated[str, _asked("Only those whose commit's subject has this in it.")] = "",
    commit: Annotated[str, _asked("Only those of the commit whose hash begins so.")] = "",
    team: Annotated[str, _asked("Only apps of this owner: a group or a user.")] = "",
    ran: Annotated[str, _asked("Only those that insights count as such.", one_of=tuple(Ran))] = "",
    step: Annotated[str, _asked("Only those that carried out this step; `ran` is about it then.")] = "",
    test: Annotated[str, _asked("Only those whose reports have this test; `ran` is about it then.")] = "",
    since: Annotated[str, _asked("Only those that ended then or later: a day, or a moment with its zone.")] = "",
    until: Annotated[str, _asked("Only those that ended before.")] = "",
) -> Filter:
    """Raises UsageError for an unknown state, and for text that is not one line."""
    texts = {"app": app, "formation": formation, "environment": environment, "branch": branch}
    texts |= {"author": author, "search": search, "commit": commit, "team": team, "step": step, "test": test}
    counted = _one_of(ran, tuple(Ran), "ran")
    chosen = _filter(texts, _one_of(state, filters.RUN_STATES, "state"), since, until)
    return replace(chosen, ran=Ran(counted) if counted else None)


def _deployment_filter(
    *,
    app: Annotated[str, _asked("Only this app.")] = "",
    formation: Annotated[str, _asked("Only to this formation.")] = "",
    environment: Annotated[str, _asked("Only to this environment.")] = "",
    branch: Annotated[str, _asked("Only of this branch.")] = "",
    state: Annotated[str, _asked("Only those in this state.", one_of=filters.DEPLOYMENT_STATES)] = "",
    author: Annotated[str, _asked("Only those whose commit's author's name has this in it.")] = "",
    search: Annotated[str, _asked("Only those whose commit's subject has this in it.")] = "",
    commit: Annotated[str, _asked("Only those of the commit whose hash begins so.")] = "",
    team: Annotated[str, _asked("Only apps of this owner: a group or a user.")] = "",
    production: Annotated[str, _asked("Only to environments that operators call production.", one_of=("yes",))] = "",
    figure: Annotated[str, _asked("Only those that this figure of insights counts.", one_of=tuple(Figure))] = "",
    cause: Annotated[str, _asked("Only changes that failed for this, such as out_of_memory.")] = "",
    hour: Annotated[str, _asked("Only those that ended in this hour of the day, UTC.", one_of=filters.HOURS)] = "",
    since: Annotated[str, _asked("Only those that ended then or later: a day, or a moment with its zone.")] = "",
    until: Annotated[str, _asked("Only those that ended before.")] = "",
) -> Filter:
    """Raises UsageError for an unknown state or figure, and for text that is not one line."""
    texts = {"app": app, "formation": formation, "environment": environment, "branch": branch}
    texts |= {"author": author, "search": search, "commit": commit, "team": team, "cause": cause}
    texts |= {"hour": _one_of(hour, filters.HOURS, "hour") or ""}
    chosen = _filter(texts, _one_of(state, filters.DEPLOYMENT_STATES, "state"), since, until)
    counted = _one_of(figure, tuple(Figure), "figure")
    only_production = _one_of(production, ("yes",), "production") is not None
    return replace(chosen, production=only_production, figure=Figure(counted) if counted else None)


RunFilter = Annotated[Filter, Depends(_run_filter)]
DeploymentFilter = Annotated[Filter, Depends(_deployment_filter)]


def _who_did_what(
    *,
    app: Annotated[str, _asked("Only what is about this app.")] = "",
    actor: Annotated[str, _asked("Only what this person did.")] = "",
    kind: Annotated[str, _asked("Only this, such as approval.given.")] = "",
) -> AuditFilter:
    """Raises UsageError for text that is not one line."""
    checked = {name: _line(text, name) for name, text in (("app", app), ("actor", actor), ("kind", kind))}
    return AuditFilter(**checked)


def _what_of_delivery(
    *,
    app: Annotated[str, _asked("Only this app.")] = "",
    team: Annotated[str, _asked("Only apps of this owner: a group or a user.")] = "",
    environment: Annotated[
        str, _asked("Only this environment's; empty: all that operators call production. Runs are of none.")
    ] = "",
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="How many days, up to the end of today in UTC.")] = 90,
    by: Annotated[By, Query(description="What the figures are grouped by.")] = By.APP,
) -> Question:
    """Raises UsageError for text that is not one line."""
    return Question(
        span=Span.up_to(clock.now(), days),
        app=_line(app, "app"),
        team=_line(team, "team"),
        environment=_line(environment, "environment"),
        by=by,
    )


def of_runs(question: Annotated[Question, Depends(_what_of_delivery)]) -> Question:
    """The query for runs. Raises UsageError if it has environments, because runs have none."""
    if question.environment is not None:
        raise UsageError("environment: runs are of none", hint="leave it out, or ask for figures, failures or waits")
    if question.by is By.ENVIRONMENT:
        raise UsageError("by: runs are of no environment", hint="ask by app or team")
    return question


WhatOfDelivery = Annotated[Question, Depends(_what_of_delivery)]
WhatOfRuns = Annotated[Question, Depends(of_runs)]
WhoDidWhat = Annotated[AuditFilter, Depends(_who_did_what)]


def _of_app(app: Annotated[str, _asked("Only this app.")] = "") -> str | None:
    """Raises UsageError for text that is not one line."""
    return _line(app, "app")


def _of_formation(formation: Annotated[str, _asked("Only this formation's.")] = "") -> str | None:
    """Raises UsageError for text that is not one line."""
    return _line(formation, "formation")


App = Annotated[str | None, Depends(_of_app)]
Formation = Annotated[str | None, Depends(_of_formation)]


def _line(text: str, name: str) -> str | None:
    """None for an empty text, as in a form that nobody filled in."""
    return (inputs.check_line(text, name) or None) if text.strip() else None


def _filter(texts: Mapping[str, str], state: str | None, since: str, until: str) -> Filter:
    """An empty value, as in a form that nobody filled in, matches everything."""
    checked = {name: _line(text, name) for name, text in texts.items()}
    return Filter(**checked, state=state, since=_moment(since, "since"), until=_moment(until, "until"))  # type: ignore[arg-type]


def _one_of(text: str, known: Sequence[str], name: str) -> str | None:
    value = _line(text, name)
    if value is not None and value not in known:
        raise UsageError(f"{name}: there is no {name} {value}", hint=did_you_mean(value, known))
    return value


def _moment(text: str, name: str) -> datetime | None:
    """A day in UTC, or a moment; in UTC if it has no zone."""
    value = _line(text, name)
    try:
        at = datetime.fromisoformat(value) if value else None
    except ValueError as error:
        raise UsageError(f"{name}: {value} is no moment", hint="write 2026-11-01 or 2026-11-01T12:30:00Z") from error
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
