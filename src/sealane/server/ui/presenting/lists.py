"""Lists of runs and deployments: what they are filtered by, and where they go on. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from urllib.parse import urlencode

from sealane.server.ui.views import Choice, Link, ListPage, ListRow
from sealane.store.list_filters import Filter, Places

_NAMES = tuple(each.name for each in dataclasses.fields(Filter))


def address(path: str, only: Filter, *, before: str | None = None, **changed: str | None) -> str:
    """The address of the list with these filters, some of them changed; None leaves one out."""
    kept = {**{name: getattr(only, name) for name in _NAMES}, **changed, "before": before}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{path}?{query}" if query else path


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What somebody asked for: which list, and which part of it."""

    title: str
    path: str
    only: Filter
    states: Sequence[str]
    """What a state may be."""
    nothing: str
    """What is said where there never was anything."""
    other: Link
    """The other list, without filters."""


def page(asked: Asked, rows: Sequence[ListRow], places: Places, *, last: str | None) -> ListPage:
    """The page; `last` is the id of its last row where older ones may follow."""
    only = asked.only
    chosen = {name: value for name in _NAMES if (value := getattr(only, name))}
    return ListPage(
        title=asked.title,
        path=asked.path,
        search=only.search or "",
        choices=(
            _choice("app", only.app, places.apps, "All apps"),
            _choice("formation", only.formation, places.formations, "All formations"),
            _choice("environment", only.environment, places.environments, "All environments"),
            _choice("state", only.state, asked.states, "All states"),
            Choice(name="branch", label="Branch", value=only.branch or ""),
            Choice(name="author", label="Author", value=only.author or ""),
        ),
        chosen=tuple(
            Link(
                words=f"{name} {_read(value) if name == 'state' else value}",
                href=address(asked.path, only, **{name: None}),
            )
            for name, value in chosen.items()
        ),
        other=_other(asked) if chosen else None,
        rows=tuple(rows),
        empty="Nothing fits these filters." if chosen else asked.nothing,
        older=address(asked.path, only, before=last) if last else "",
    )


def _other(asked: Asked) -> Link:
    """The other list with the same filters; a state of one list may not be one of the other's."""
    href = address(asked.other.href, dataclasses.replace(asked.only, state=None))
    return Link(words=asked.other.words, href=href)


def _choice(name: str, value: str | None, known: Sequence[str], everything: str) -> Choice:
    """One of those that there are; one that is asked for and not there stays to be seen."""
    listed = dict.fromkeys([*known, *([value] if value else [])])
    options = (("", everything), *((each, _read(each) if name == "state" else each) for each in listed))
    return Choice(name=name, label=name.capitalize(), value=value or "", options=options)


def _read(state: str) -> str:
    return state.replace("_", " ")
