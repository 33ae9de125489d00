"""Notices as a list: sent ones, and those that could not be sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sealane.notices.model import Outgoing, TellState
from sealane.server.pages import text
from sealane.server.pages.list_views import Choice, ListPage, ListRow
from sealane.server.pages.overview_views import Untold
from sealane.server.pages.views import Link, Pill

PATH = "/notices"
_GIVEN_UP_SHOWN = timedelta(days=1)
_PILLS = {
    TellState.SENT: Pill(tone="ok", words="sent"),
    TellState.UNSENT: Pill(tone="run", words="to be sent"),
    TellState.GIVEN_UP: Pill(tone="bad", words="given up"),
}


def page(listed: Sequence[Outgoing], *, unsent: bool, now: datetime) -> ListPage:
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
        rows=tuple(_row(outgoing, now) for outgoing in listed),
        empty="Everything was sent." if unsent else "Nobody was told of anything yet: notices.yaml says who is.",
        older="",
    )


def untold(unsent: Iterable[Outgoing], now: datetime) -> tuple[Untold, ...]:
    """Unsent notices, one line per target; given-up ones are shown for a day."""
    by_target: dict[str, list[Outgoing]] = {}
    for outgoing in unsent:
        if outgoing.since and (outgoing.state is TellState.UNSENT or now - outgoing.updated < _GIVEN_UP_SHOWN):
            by_target.setdefault(outgoing.target, []).append(outgoing)
    return tuple(_untold(target, those) for target, those in sorted(by_target.items()))


def _untold(target: str, unsent: Sequence[Outgoing]) -> Untold:
    newest = max(unsent, key=lambda outgoing: outgoing.updated)
    given_up = sum(outgoing.state is TellState.GIVEN_UP for outgoing in unsent)
    tried = len(unsent) - given_up
    words = [f"{text.count(tried, 'notice')} can't be sent"] if tried else []
    words += [f"{text.count(given_up, 'notice')} given up"] if given_up else []
    since = min(outgoing.since for outgoing in unsent if outgoing.since)
    return Untold(target=target, words=", ".join(words), reason=newest.reason or "", since=since)


def _row(outgoing: Outgoing, now: datetime) -> ListRow:
    notice = outgoing.notice
    failing = outgoing.state is TellState.UNSENT and outgoing.since is not None
    href = f"/deployments/{notice.deployment}" if notice.deployment else f"/runs/{notice.run}" if notice.run else PATH
    facts = [Link(words=f"to {outgoing.target}"), Link(words=notice.kind)]
    if len(notice.entries) > 1:
        facts.append(Link(words=f"{len(notice.entries)} things happened"))
    if failing:
        tries = "once" if outgoing.tries == 1 else f"{outgoing.tries} times"
        facts.append(Link(words=f"tried {tries}, again {_until(outgoing.again, now)}"))
    return ListRow(
        key=outgoing.id,
        pill=Pill(tone="bad", words="can't be sent") if failing else _PILLS[outgoing.state],
        href=href,
        what=notice.title,
        version="",
        subject="",
        facts=tuple(facts),
        because=outgoing.reason or "",
        at=outgoing.updated,
        took="",
        since=None,
    )


def _until(at: datetime, now: datetime) -> str:
    seconds = (at - now).total_seconds()
    return f"in {text.duration(seconds)}" if seconds > 0 else "now"
