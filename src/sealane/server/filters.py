"""Which runs or deployments a list shows: the same words in the API and in the addresses of pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query

from sealane import inputs
from sealane.errors import UsageError
from sealane.findings import did_you_mean
from sealane.records import filters
from sealane.records.accounts import AuditFilter
from sealane.records.filters import Filter


def _asked(description: str, *, one_of: Sequence[str] = ()) -> Any:
    """A filter of the question; empty it lets all through, as it is in a form that nobody filled in."""
    limits: dict[str, Any] = {"enum": ["", *one_of]} if one_of else {"maxLength": inputs.LONGEST_LINE}
    return Query(description=description, json_schema_extra=limits)


_NAMES = ("app", "formation", "environment", "branch", "state", "author", "search", "commit")


def _run_filter(
    *,
    app: Annotated[str, _asked("Only this app's.")] = "",
    formation: Annotated[str, _asked("Only those that are delivered to this formation.")] = "",
    environment: Annotated[str, _asked("Only those that are delivered to this environment.")] = "",
    branch: Annotated[str, _asked("Only this branch's.")] = "",
    state: Annotated[str, _asked("Only those in this state.", one_of=filters.RUN_STATES)] = "",
    author: Annotated[str, _asked("Only those whose author's name has this in it.")] = "",
    search: Annotated[str, _asked("Only those whose commit's subject has this in it.")] = "",
    commit: Annotated[str, _asked("Only those of the commit whose hash begins so.")] = "",
) -> Filter:
    """Raises UsageError for an unknown state, and for what is no line of text."""
    given = (app, formation, environment, branch, state, author, search, commit)
    return _filter(given, filters.RUN_STATES)


def _deployment_filter(
    *,
    app: Annotated[str, _asked("Only this app's.")] = "",
    formation: Annotated[str, _asked("Only to this formation.")] = "",
    environment: Annotated[str, _asked("Only to this environment.")] = "",
    branch: Annotated[str, _asked("Only of this branch.")] = "",
    state: Annotated[str, _asked("Only those in this state.", one_of=filters.DEPLOYMENT_STATES)] = "",
    author: Annotated[str, _asked("Only those whose commit's author's name has this in it.")] = "",
    search: Annotated[str, _asked("Only those whose commit's subject has this in it.")] = "",
    commit: Annotated[str, _asked("Only those of the commit whose hash begins so.")] = "",
) -> Filter:
    """Raises UsageError for an unknown state, and for what is no line of text."""
    given = (app, formation, environment, branch, state, author, search, commit)
    return _filter(given, filters.DEPLOYMENT_STATES)


RunFilter = Annotated[Filter, Depends(_run_filter)]
DeploymentFilter = Annotated[Filter, Depends(_deployment_filter)]


def _who_did_what(
    *,
    app: Annotated[str, _asked("Only what is about this app.")] = "",
    actor: Annotated[str, _asked("Only what this person did.")] = "",
    kind: Annotated[str, _asked("Only this, such as approval.given.")] = "",
) -> AuditFilter:
    """Raises UsageError for what is no line of text."""
    checked = {name: _line(text, name) for name, text in (("app", app), ("actor", actor), ("kind", kind))}
    return AuditFilter(**checked)


WhoDidWhat = Annotated[AuditFilter, Depends(_who_did_what)]


def _of_app(app: Annotated[str, _asked("Only this app's.")] = "") -> str | None:
    """Raises UsageError for what is no line of text."""
    return _line(app, "app")


def _of_formation(formation: Annotated[str, _asked("Only this formation's.")] = "") -> str | None:
    """Raises UsageError for what is no line of text."""
    return _line(formation, "formation")


App = Annotated[str | None, Depends(_of_app)]
Formation = Annotated[str | None, Depends(_of_formation)]


def _line(text: str, name: str) -> str | None:
    """None for what is empty, as in a form that nobody filled in."""
    return (inputs.check_line(text, name) or None) if text.strip() else None


def _filter(given: Sequence[str], states: Sequence[str]) -> Filter:
    """What is empty, as in a form that nobody filled in, lets all through."""
    checked = (_line(text, name) for name, text in zip(_NAMES, given, strict=True))
    app, formation, environment, branch, state, author, search, commit = checked
    if state is not None and state not in states:
        raise UsageError(f"state: there is no state {state}", hint=did_you_mean(state, states))
    return Filter(
        app=app,
        formation=formation,
        environment=environment,
        branch=branch,
        state=state,
        author=author,
        search=search,
        commit=commit,
    )
