"""What the overview says of notices that can't be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sealane.notices.model import Notice, Outgoing, TellState, Tone
from sealane.outbox.notice_kinds import NoticeKind
from sealane.server.pages.presenters import notices

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = Outgoing(
    id="n-1",
    target="team-mail",
    notice=Notice(
        thing="d-1",
        kind=NoticeKind.DEPLOYMENT_DEPLOYED,
        tone=Tone.GOOD,
        app="shop",
        owner="payments",
        title="shop to dev: deployed",
        text="",
    ),
    version=1,
    state=TellState.UNSENT,
    tries=2,
    since=NOW - HOUR,
    again=NOW,
    reason="it answers 451",
    created=NOW - HOUR,
    updated=NOW,
)


def test_a_line_for_each_target_says_how_many_since_when_and_why() -> None:
    older = replace(ONE, since=NOW - 2 * HOUR, updated=NOW - HOUR, reason="it took too long")
    given_up = replace(ONE, target="hook", state=TellState.GIVEN_UP, updated=NOW - HOUR)
    lines = notices.untold((ONE, older, given_up), NOW)
    assert [(line.target, line.words, line.reason, line.since) for line in lines] == [
        ("hook", "1 notice given up", "it answers 451", NOW - HOUR),
        ("team-mail", "2 notices can't be sent", "it answers 451", NOW - 2 * HOUR),
    ]


def test_what_is_only_to_be_sent_and_what_was_given_up_long_ago_are_no_trouble() -> None:
    fresh = replace(ONE, since=None, tries=0)
    long_ago = replace(ONE, state=TellState.GIVEN_UP, updated=NOW - 25 * HOUR)
    assert notices.untold((fresh, long_ago), NOW) == ()
