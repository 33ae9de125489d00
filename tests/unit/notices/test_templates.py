"""The words of a template, which a commit may bring: short and plain, whatever it says and repeats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sealane.approvals.explanation import Explanation, StepLog
from sealane.notices import messages
from sealane.notices.facts import NoticeFacts, Subject
from sealane.notices.targets import apprise, slack
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines import notices
from sealane.store import rows

FACTS = NoticeFacts(
    event=DomainEvent(
        kind=Kind.HOLD_SET, at=datetime(2026, 11, 30, tzinfo=UTC), app="shop", formation="live", data={"reason": "bad"}
    ),
    kind=NoticeKind.HOLD_SET,
    subject=Subject(owner="people"),
    server="https://sealane.example",
)


def test_a_template_takes_the_place_of_the_usual_words() -> None:
    made = messages.notice(FACTS, {"title": "${app}: ${kind}", "text": "of ${owner}\n${nothing}"})
    assert (made.title, made.text) == ("shop: hold.set", "of people\n")
    assert messages.notice(FACTS, {"text": "hm"}).title == messages.notice(FACTS).title


@pytest.mark.parametrize("words", ["${log}" * 680, "${log}x" * 500, "a" * 4096])
def test_what_it_repeats_is_cut_off_while_it_is_filled(words: str) -> None:
    known = {"log": "ERROR " * 20_000}
    assert len(notices.filled(words, known, most=9_000)) <= 9_000
    made = messages.notice(FACTS, {"title": words.replace("log", "text"), "text": words.replace("log", "text")})
    assert len(made.title) <= messages.MOST_TITLE
    assert len(made.text) <= messages.MOST_TEXT


def test_nothing_in_it_moves_a_cursor_turns_text_around_or_is_filled_twice() -> None:
    hostile = "\x1b]0;owned\x07a\u202eb\u200bc\ud800\nd ${author} {app.__class__} %(app)s ${app.__class__}"
    made = messages.notice(FACTS, {"title": hostile, "text": hostile})
    assert made.title == "abc\ufffd d {app.__class__} %(app)s"
    assert made.text == "abc\ufffd\nd  {app.__class__} %(app)s "


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("thanks @everyone", "thanks @\u200beveryone"),
        ("<@123> <@&9> <!channel> <#C1>", "<\u200b@\u200b123> <\u200b@\u200b&9> <\u200b!channel> <\u200b#C1>"),
        ("ada@example.com, a < b, @ noon", "ada@example.com, a < b, @ noon"),
    ],
)
def test_nobody_is_called_by_what_a_commit_says(said: str, shown: str) -> None:
    assert apprise.unmentioned(said) == shown
    made = messages.notice(FACTS, {"title": said, "text": said})
    assert "<!" not in str(slack.message(made))
    assert "<@" not in str(slack.message(made))


def test_nothing_that_programs_said_moves_a_cursor_whatever_target_shows_it() -> None:
    """Causes and ends of logs are a program's own words."""
    hostile = "\x1b]52;c;b3duZWQ=\x07a\x1b[2Jb\u202ec\x00\ud800\td\n"
    event = replace(FACTS.event, kind=Kind.HEALTH_DEGRADED, data={"cause": hostile, "version": hostile})
    log = StepLog(key="lint", step=hostile, lines=(hostile, "plain"))
    why = Explanation(sentence=hostile, log=log)
    degraded = replace(FACTS, event=event, kind=NoticeKind.HEALTH_DEGRADED, why=why)
    made = messages.notice(replace(degraded, subject=replace(FACTS.subject, owner=hostile, observed=True)))
    assert made.log == ("abc\ufffd\td\n", "plain")
    assert made.text.startswith("abc\ufffd\td")
    assert not set("\x1b\x00\x07\u202e\ud800") & set(str(rows.plain(made)))
    assert made.entries[0].at == event.at
