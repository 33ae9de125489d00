"""Lists of runs and deployments: their filters, and the links to their next parts. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from sealane.records.accounts import AuditFilter
from sealane.records.filters import Filter, Places
from sealane.server.pages import text
from sealane.server.pages.list_views import Choice, ListPage, ListRow
from sealane.server.pages.views import Link

_KEPT = ("commit", "team", "production", "figure", "cause", "hour", "ran", "step", "test", "since", "until")
"""Filters that links from other pages set; they stay active when another one is set."""


def address(path: str, only: Filter | AuditFilter, *, before: str | None = None, **changed: str | None) -> str:
    """The address of the list with these filters, some of them changed; None leaves one out."""
    filters = {**dataclasses.asdict(only), **changed, "before": before}
    query = urlencode({name: _written(value) for name, value in filters.items() if value})
    return f"{path}?{query}" if query else path


def chosen(path: str, only: Filter | AuditFilter) -> tuple[Link, ...]:
    """The active filters; each leads to the list without it."""
    given = {name: value for name, value in dataclasses.asdict(only).items() if value}
    return tuple(
        Link(words=_chip(name, _written(value)), href=address(path, only, **{name: None}))
        for name, value in given.items()
    )


def _written(value: object) -> str:
    """A filter's value in an address."""
    if isinstance(value, datetime):
        return text.moment(value)
    return "yes" if value is True else str(value)


def _chip(name: str, value: str) -> str:
    if name == "production":
        return name
    return f"{name} {_read(value) if name in {'state', 'figure', 'cause'} else value}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ListQuery:
    """A request for a part of a list."""

    title: str
    path: str
    only: Filter
    states: Sequence[str]
    """The possible states."""
    nothing: str
    """The text of a list that never had an entry."""
    other: Link
    """The other list, without filters."""


def page(asked: ListQuery, rows: Sequence[ListRow], places: Places, *, last: str | None) -> ListPage:
    """The page; `last` is the id of its last row if there may be older ones."""
    only = asked.only
    shown = chosen(asked.path, only)
    return ListPage(
        title=asked.title,
        path=asked.path,
        search=only.search or "",
        searched="commit subjects",
        choices=(
            choice("app", only.app, places.apps, "All apps"),
            choice("formation", only.formation, places.formations, "All formations"),
            choice("environment", only.environment, places.environments, "All environments"),
            choice("state", only.state, asked.states, "All states"),
            Choice(name="branch", label="Branch", value=only.branch or ""),
            Choice(name="author", label="Author", value=only.author or ""),
        ),
        kept=tuple((name, _written(getattr(only, name))) for name in _KEPT if getattr(only, name)),
        chosen=shown,
        other=_other(asked) if shown else None,
        rows=tuple(rows),
        empty="Nothing fits these filters." if shown else asked.nothing,
        older=address(asked.path, only, before=last) if last else "",
    )


def _other(asked: ListQuery) -> Link:
    """The other list with the same filters, except a state that it does not have."""
    unknown_there = dict.fromkeys(("state", "figure", "cause", "hour", "ran", "step", "test"))
    href = address(asked.other.href, dataclasses.replace(asked.only, **unknown_there, production=False))
    return Link(words=asked.other.words, href=href)


def choice(name: str, value: str | None, known: Sequence[str], everything: str) -> Choice:
    """A choice of the available options; a chosen one that is missing stays visible."""
    listed = dict.fromkeys([*known, *([value] if value else [])])
    options = (("", everything), *((option, _read(option) if name == "state" else option) for option in listed))
    return Choice(name=name, label=name.capitalize(), value=value or "", options=options)


def _read(state: str) -> str:
    return state.replace("_", " ")
