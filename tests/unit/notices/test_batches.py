"""No storm: many new things at once are one message, and what goes on in a message that is there is never held."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sealane.notices import batches
from sealane.notices.batches import MOST, Due
from sealane.notices.model import Entry, Notice, Outgoing, Tone
from sealane.outbox.notice_kinds import NoticeKind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def due(count: int, *, told: int = 0, target: str = "team") -> list[Due]:
    return [Due(id=f"{target}-{told}-{number}", target=target, told=told) for number in range(count)]


@pytest.mark.parametrize(
    ("waiting", "sent", "sizes"),
    [
        (due(3), 0, [1, 1, 1]),
        (due(MOST), 0, [1] * MOST),
        (due(MOST + 1), 0, [MOST + 1]),
        (due(300), MOST - 1, [300]),
        (due(300), MOST, []),
        (due(300, told=1), MOST, [1] * 300),
        ([*due(2, told=1), *due(50)], 0, [1, 1, 50]),
        ([*due(50), *due(2, target="other")], MOST, [1, 1]),
    ],
)
def test_batches(waiting: list[Due], sent: int, sizes: list[int]) -> None:
    assert [len(batch) for batch in batches.batches(waiting, {"team": sent})] == sizes


def test_where_each_thing_has_a_place_of_its_own_none_share_a_message() -> None:
    assert [len(batch) for batch in batches.batches(due(300), {"team": MOST}, apart=True)] == [1] * 300


def test_one_message_names_what_happened() -> None:
    entry = Entry(kind=NoticeKind.HEALTH_DEGRADED, at=NOON, text="degraded", event=1)
    notice = Notice(
        thing="health:shop/dev",
        kind=entry.kind,
        tone=Tone.BAD,
        app="shop",
        owner="payments",
        title="shop/dev: degraded",
        text="",
        entries=(entry,),
    )
    one = Outgoing(id="n", target="team", notice=notice, version=1, again=NOON, created=NOON, updated=NOON)
    well = replace(one, notice=replace(notice, app="mail", tone=Tone.GOOD, title="mail/dev: healthy again"))
    told = batches.digest([one, well, *[one] * 48])
    assert (told.title, told.app, told.tone) == ("50 things happened, 49 of them bad", "", Tone.BAD)
    assert [entry.text for entry in told.entries[:2]] == ["shop/dev: degraded", "mail/dev: healthy again"]
    assert told.entries[-1].text == "and 10 more"
