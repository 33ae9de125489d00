"""The audit as a list: who did what, when, on which app. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sealane.outbox.model import DomainEvent, Kind
from sealane.records.accounts import AuditFilter
from sealane.server.pages.list_views import Choice, ListPage, ListRow
from sealane.server.pages.presenters import lists
from sealane.server.pages.views import Link, Pill

PATH = "/audit"
_BAD = frozenset({Kind.SIGN_IN_FAILED, Kind.GATE_FAILED, Kind.GLASS_BROKEN})
_ENDS = frozenset(
    {
        Kind.APP_REMOVED,
        Kind.USER_REMOVED,
        Kind.TOKEN_REVOKED,
        Kind.DEPLOYMENT_CANCEL_REQUESTED,
        Kind.RUN_CANCEL_REQUESTED,
        Kind.RUN_LOGS_ERASED,
        Kind.APPROVAL_REFUSED,
    }
)
_REASONS = ("reason", "comment", "why")
"""Parts of the data with the words of a person or of the server."""
_ELSEWHERE = frozenset(
    {"revision", "release", "number", "cause", "branch", "by", "environment", "destination", "namespace"}
)
"""Parts that the page of the run or deployment shows."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)")
_SHORT = 40


def page(
    entries: Sequence[DomainEvent], only: AuditFilter, *, apps: Sequence[str], kinds: Sequence[str], last: int | None
) -> ListPage:
    """The page; `last` is the number of its last line if there may be older ones."""
    shown = lists.chosen(PATH, only)
    return ListPage(
        title="Audit",
        path=PATH,
        search="",
        searched="",
        choices=(
            lists.choice("app", only.app, apps, "All apps"),
            lists.choice("kind", only.kind, kinds, "All kinds"),
            Choice(name="actor", label="Who", value=only.actor or ""),
        ),
        chosen=shown,
        other=None,
        rows=tuple(row(event, only) for event in entries),
        empty="Nothing fits these filters." if shown else "Nobody has done anything yet that you may read.",
        older=lists.address(PATH, only, before=str(last)) if last is not None else "",
    )


def row(entry: DomainEvent, only: AuditFilter) -> ListRow:
    """One line: the action links to its place, the actor to all of their actions."""
    facts = [Link(words=f"by {entry.actor}", href=lists.address(PATH, only, actor=entry.actor))]
    if entry.app and entry.app != entry.about:
        facts.append(Link(words=entry.app, href=lists.address(PATH, only, app=entry.app)))
    facts += [Link(words=f"{name.replace('_', ' ')} {value}") for name, value in _facts(entry.data)]
    if entry.kind != only.kind:
        facts.append(Link(words="others like it", href=lists.address(PATH, only, kind=entry.kind)))
    return ListRow(
        key=str(entry.id),
        pill=Pill(tone=_tone(entry.kind), words=entry.kind),
        href=_href(entry, only),
        what=entry.about,
        version="",
        subject="",
        facts=tuple(facts),
        because=next((str(entry.data[name]) for name in _REASONS if entry.data.get(name)), ""),
        at=entry.at,
        took="",
        since=None,
    )


def _tone(kind: str) -> Literal["bad", "wait", "off"]:
    if kind in _BAD:
        return "bad"
    return "wait" if kind in _ENDS else "off"


def _href(entry: DomainEvent, only: AuditFilter) -> str:
    if entry.deployment:
        return f"/deployments/{entry.deployment}"
    if entry.run:
        return f"/runs/{entry.run}"
    return lists.address(PATH, only, app=entry.app) if entry.app else lists.address(PATH, only, kind=entry.kind)


def _facts(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The other stored data in words, without repetitions, and with short hashes."""
    facts = []
    for name, value in data.items():
        if name in _REASONS or name in _ELSEWHERE or value in (None, "", []):
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if moment := _MOMENT.match(shown):
            shown = f"{moment[1]} {moment[2]} UTC"
        facts.append((name, shown if len(shown) < _SHORT else f"{shown[:12]}…"))
    return facts
