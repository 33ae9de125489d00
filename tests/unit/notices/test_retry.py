"""When a notice is sent: at once what is new, later what repeats, and for a day what could not be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sealane.notices import retry
from sealane.notices.model import Entry
from sealane.outbox.notice_kinds import NoticeKind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BAD, GOOD = NoticeKind.HEALTH_DEGRADED, NoticeKind.HEALTH_RECOVERED


def entries(*kinds: NoticeKind) -> list[Entry]:
    return [Entry(kind=kind, at=NOON, text="", event=number) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "minutes"),
    [
        ((BAD,), 0),
        ((BAD, GOOD), 0),
        ((BAD, GOOD, BAD), 1),
        ((BAD, GOOD, BAD, GOOD, BAD), 2),
        ((BAD, GOOD) * 20, 60),
    ],
)
def test_what_is_new_is_told_at_once_and_a_repeat_later(kinds: tuple[NoticeKind, ...], minutes: int) -> None:
    assert retry.due(entries(*kinds), NOON) == NOON + timedelta(minutes=minutes)


def test_pauses_grow_and_end_after_a_day() -> None:
    assert [retry.pause(tries).total_seconds() for tries in (1, 2, 3, 20)] == [5, 10, 20, 900]
    assert not retry.given_up(NOON, NOON + timedelta(hours=23))
    assert retry.given_up(NOON, NOON + timedelta(days=1))
