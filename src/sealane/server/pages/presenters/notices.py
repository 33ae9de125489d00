"""Notices as a list: who was told of what, and what could not be sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sealane.notices.model import Outgoing, TellState
from sealane.server.pages import text
from sealane.server.pages.views import Choice, Link, ListPage, ListRow, Pill

PATH = "/notices"
_PILLS = {
    TellState.SENT: Pill(tone="ok", words="sent"),
    TellState.UNSENT: Pill(tone="run", words="to be sent"),
    TellState.GIVEN_UP: Pill(tone="bad", words="given up"),
}


def page(found: Sequence[Outgoing], *, unsent: bool, now: datetime) -> ListPage:
    """The page."""
    choices = (("", "All notices"), ("true", "What can't be sent"))
    return ListPage(
        title="Notices",
        path=PATH,
        search="",
        searched="",
        choices=(Choice(name="unsent", label="Which", value="true" if unsent else "", options=choices),),
        chosen=(Link(words="can't be sent", href=PATH),) if unsent else (),
        other=None,
        rows=tuple(_row(each, now) for each in found),
        empty="Everything was sent." if unsent else "Nobody was told of anything yet: notices.yaml says who is.",
        older="",
    )


def _row(one: Outgoing, now: datetime) -> ListRow:
    notice = one.notice
    failing = one.state is TellState.UNSENT and one.since is not None
    href = f"/deployments/{notice.deployment}" if notice.deployment else f"/runs/{notice.run}" if notice.run else PATH
    facts = [Link(words=f"to {one.target}"), Link(words=notice.kind)]
    if len(notice.entries) > 1:
        facts.append(Link(words=f"{len(notice.entries)} things happened"))
    if failing:
        tries = "once" if one.tries == 1 else f"{one.tries} times"
        facts.append(Link(words=f"tried {tries}, again {_until(one.again, now)}"))
    return ListRow(
        pill=Pill(tone="bad", words="can't be sent") if failing else _PILLS[one.state],
        href=href,
        what=notice.title,
        version="",
        subject="",
        facts=tuple(facts),
        because=one.reason or "",
        at=one.updated,
        took="",
        since=None,
    )


def _until(at: datetime, now: datetime) -> str:
    seconds = (at - now).total_seconds()
    return f"in {text.duration(seconds)}" if seconds > 0 else "now"
