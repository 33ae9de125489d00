"""Which events belong to one message: its topic, whether it goes on, and the notice joined with its earlier content. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane.events.model import EventKind
from sealane.notices.facts import NoticeFacts
from sealane.notices.model import Entry, Notice
from sealane.outbox import notice_kinds
from sealane.outbox.notice_kinds import NoticeKind
from sealane.records.runs import Run

MOST_ENTRIES = 50
"""Entries of one notice that are kept."""
_APART = timedelta(hours=1)
"""A change of a formation's health this long after it recovered starts a new thing."""
OF_FORMATION = frozenset({NoticeKind.HEALTH_DEGRADED, NoticeKind.HEALTH_RECOVERED, NoticeKind.DRIFT_FOUND})
_HELD = frozenset({NoticeKind.DEPLOYMENT_ROLLED_BACK, NoticeKind.DEPLOYMENT_FAILED})
"""After these a hold is set."""
_AND_HELD = ", and held"
_ENDS = frozenset({NoticeKind.HEALTH_RECOVERED, NoticeKind.RUN_FIXED})
"""Kinds that end a thing: the next event starts a new one."""


def thing(facts: NoticeFacts) -> str:
    """What the notice is about; later events edit or answer its message."""
    event = facts.event
    if facts.kind in OF_FORMATION:
        aspect = "drift" if facts.kind is NoticeKind.DRIFT_FOUND else "health"
        where = f"{facts.subject.environment}:" if facts.subject.observed else ""
        return f"{aspect}:{where}{event.app}/{event.formation}"
    if facts.kind in notice_kinds.OF_PLAN and facts.run is not None:
        return f"plan:{facts.run.id}/{event.formation}"
    if facts.run is not None:
        return f"runs:{event.app}@{line_of(facts.run) or facts.run.id}"
    return of_deployment(event.deployment)


def of_deployment(deployment: str | None) -> str:
    """The thing that all notices of a deployment are about, but those of the formation's health and drift."""
    return f"deployment:{deployment}"


def goes_on(before: Notice, fresh: Entry) -> bool:
    """Whether the event belongs to the existing message about the thing."""
    if before.thing.startswith(("deployment:", "plan:")):
        return True
    last = before.entries[-1]
    if before.thing.startswith("runs:"):
        return last.kind not in _ENDS
    return (last.kind not in _ENDS and last.kind is not NoticeKind.DRIFT_FOUND) or fresh.at - last.at < _APART


def joined(before: Notice | None, fresh: Notice) -> Notice:
    """The notice joined with its earlier content."""
    if before is None:
        return fresh
    entries = (*before.entries, *fresh.entries)[-MOST_ENTRIES:]
    if fresh.kind is NoticeKind.HOLD_SET and before.kind in _HELD:  # the hold's reason says how it ended
        title = before.title if before.title.endswith(_AND_HELD) else f"{before.title}{_AND_HELD}"
        return replace(before, title=title, entries=entries)
    return replace(fresh, entries=entries)


def line_of(run: Run) -> str | None:
    """The line that its runs belong to: a branch, or a pull request (not the branch that it targets)."""
    if run.event.kind is EventKind.PULL_REQUEST and run.event.ref:
        return run.event.ref.removeprefix("refs/").removesuffix("/head")
    return run.event.branch
