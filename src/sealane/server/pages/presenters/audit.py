"""The audit as a list: who did what, when, on which app. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sealane.records.accounts import AuditEntry, AuditFilter
from sealane.server.pages.presenters import lists
from sealane.server.pages.views import Choice, Link, ListPage, ListRow, Pill

PATH = "/audit"
_BAD = frozenset({"fail to sign in", "fail gate", "break glass"})
_ENDS = frozenset({"remove app", "remove user", "revoke token", "cancel", "cancel run", "reject"})
_REASONS = ("reason", "comment", "why")
"""Parts of the detail that are a person's or the server's words."""
_LINKED = frozenset({"deployment", "run", "revision", "release"})
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)")
_SHORT = 40


def page(
    entries: Sequence[AuditEntry], only: AuditFilter, *, apps: Sequence[str], actions: Sequence[str], last: int | None
) -> ListPage:
    """The page; `last` is the number of its last line where older ones may follow."""
    shown = lists.chosen(PATH, only)
    return ListPage(
        title="Audit",
        path=PATH,
        search="",
        searched="",
        choices=(
            lists.choice("app", only.app, apps, "All apps"),
            lists.choice("action", only.action, actions, "All actions"),
            Choice(name="actor", label="Who", value=only.actor or ""),
        ),
        chosen=shown,
        other=None,
        rows=tuple(row(each, only) for each in entries),
        empty="Nothing fits these filters." if shown else "Nobody has done anything yet that you may read.",
        older=lists.address(PATH, only, before=str(last)) if last is not None else "",
    )


def row(entry: AuditEntry, only: AuditFilter) -> ListRow:
    """One line: what was done leads to where it was done, and who did it to all that they did."""
    detail = entry.detail or {}
    facts = [Link(words=f"by {entry.actor}", href=lists.address(PATH, only, actor=entry.actor))]
    if entry.app and entry.app != entry.subject:
        facts.append(Link(words=entry.app, href=lists.address(PATH, only, app=entry.app)))
    facts += [Link(words=f"{name.replace('_', ' ')} {said}") for name, said in _facts(detail)]
    if entry.action != only.action:
        facts.append(Link(words="others like it", href=lists.address(PATH, only, action=entry.action)))
    return ListRow(
        pill=Pill(tone=_tone(entry.action), words=entry.action),
        href=_href(entry, only),
        what=entry.subject,
        version="",
        subject="",
        facts=tuple(facts),
        because=next((str(detail[name]) for name in _REASONS if detail.get(name)), ""),
        at=entry.at,
        took="",
        since=None,
    )


def _tone(action: str) -> Literal["bad", "wait", "off"]:
    if action in _BAD:
        return "bad"
    return "wait" if action in _ENDS else "off"


def _href(entry: AuditEntry, only: AuditFilter) -> str:
    detail = entry.detail or {}
    for kind in ("deployment", "run"):
        if entry.app and detail.get(kind):
            return f"/{kind}s/{detail[kind]}"
    if entry.app and entry.subject.startswith("r-") and entry.subject != entry.app:
        return f"/runs/{entry.subject}"
    return lists.address(PATH, only, app=entry.app) if entry.app else lists.address(PATH, only, action=entry.action)


def _facts(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else is kept of it, as words: without what the line says already, and hashes cut."""
    found = []
    for name, value in detail.items():
        if name in _REASONS or name in _LINKED or value in (None, "", []):
            continue
        said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if moment := _MOMENT.match(said):
            said = f"{moment[1]} {moment[2]} UTC"
        found.append((name, said if len(said) < _SHORT else f"{said[:12]}…"))
    return found
