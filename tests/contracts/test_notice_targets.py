"""Every target of notices: it gets what it was not told of, one message a thing where it can edit, and says why it does not take one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from sealane.adapters import SHIPPED
from sealane.egress import Allowlist
from sealane.errors import Overrun, Refused, SealaneError, Unavailable
from sealane.notices.model import Commit, Entry, Link, Notice, Tone
from sealane.notices.port import NoticeTarget, PartlyTold, TargetAdapter, TargetContext, Telling
from sealane.outbox.notice_kinds import NoticeKind
from tests import receivers
from tests.serving import until

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STARTED = Entry(kind=NoticeKind.DEPLOYMENT_STARTED, at=NOON, text="rolling out", event=1)
BACK = Entry(kind=NoticeKind.DEPLOYMENT_ROLLED_BACK, at=NOON, text="rolled back", event=2)
NOTICE = Notice(
    thing="deployment:d-1",
    kind=NoticeKind.DEPLOYMENT_STARTED,
    tone=Tone.GOING,
    app="shop",
    owner="payments",
    formation="production",
    environment="production",
    run="r-1",
    deployment="d-1",
    title="shop 3f2a9c1 to production: rolling out",
    text="",
    facts=(("owner", "payments"),),
    links=(Link(words="deployment", url="https://sealane.example.com/deployments/d-1"),),
    version="3f2a9c1",
    commit=Commit(id="3f2a9c1" + "0" * 33, subject="Sell more", author="ann", branch="main"),
    repository="https://git.example.com/team/shop.git",
    entries=(STARTED,),
)
ENDED = replace(
    NOTICE,
    kind=NoticeKind.DEPLOYMENT_ROLLED_BACK,
    tone=Tone.BAD,
    title="shop 3f2a9c1 to production: rolled back",
    text="Container web of pod web-1 ended with exit code 1 <&>.",
    log=("starting", "fatal: no such table: orders"),
    log_of="pod web-1 (web)",
    entries=(STARTED, BACK),
)
BEGUN = Telling(id="n-1.1", notice=NOTICE, fresh=(STARTED,), at=NOON)
SECRET = "tell-me-4711"


@dataclass
class World:
    """A target, and what its other side has."""

    target: NoticeTarget
    messages: Callable[[], list[str]]
    """What it got, a text a message as it stands now."""
    away: Callable[[], None]
    """From now on it can't take anything."""
    refuses: Callable[[], None] | None
    """From now on it does not take what it gets."""
    edits: bool = False


def _open(kind: str, written: dict[str, Any], secrets: dict[str, str], *hosts: str) -> NoticeTarget:
    adapter = SHIPPED.notice_targets.get(kind, TargetAdapter)
    file = adapter.file(**written)
    assert adapter.hosts(file) == hosts
    assert adapter.secrets(file) == tuple(secrets)
    allowed = Allowlist(hosts=(), listed_in="notices.yaml", own=adapter.hosts(file))
    return adapter.open(TargetContext(written=file, secrets=secrets, allowed=allowed, threads=receivers.THREADS))


@contextmanager
def _webhook() -> Iterator[World]:
    with receivers.http() as http:
        written = {"url": f"{http.url}/{SECRET}", "secret": "env:KEY"}
        target = _open("webhook", written, {"env:KEY": SECRET}, f"127.0.0.1:{http.port}")
        yield World(
            target,
            lambda: [got.body.decode() for got in http.got if got.headers["webhook-signature"]],
            lambda: setattr(http, "status", 503),
            lambda: setattr(http, "status", 404),
        )


@contextmanager
def _mail() -> Iterator[World]:
    with receivers.mails(password=SECRET) as mail:
        written = {
            "server": f"127.0.0.1:{mail.port}",
            "security": "none",
            "user": "sealane",
            "password": "env:PASSWORD",
            "sender": "sealane@example.com",
            "to": ["team@example.com", "ops@example.com"],
        }
        target = _open("mail", written, {"env:PASSWORD": SECRET}, f"127.0.0.1:{mail.port}")
        yield World(
            target,
            lambda: [f"{message['Subject']}\n{_part(message, 'plain')}" for message in mail.got],
            lambda: setattr(mail, "refuses", "451 not now"),
            lambda: setattr(mail, "refuses", "550 never"),
        )


def _part(mail: EmailMessage, kind: str) -> str:
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


@contextmanager
def _apprise() -> Iterator[World]:
    with receivers.http() as http:
        address = f"json://me:{SECRET}@127.0.0.1:{http.port}/notify"
        target = _open("apprise", {"address": "env:ADDRESS"}, {"env:ADDRESS": address})
        yield World(
            target,
            lambda: ["{title}\n{message}".format(**json.loads(got.body)) for got in http.got],
            lambda: setattr(http, "status", 503),
            None,
        )


@contextmanager
def _slack() -> Iterator[World]:
    with receivers.slack(SECRET) as slack:
        written = {"channel": slack.channel, "token": "env:TOKEN", "url": f"http://127.0.0.1:{slack.port}/api"}
        target = _open("slack", written, {"env:TOKEN": SECRET}, f"127.0.0.1:{slack.port}")
        yield World(
            target,
            slack.shown,
            lambda: setattr(slack, "status", 503),
            lambda: setattr(slack, "error", "is_archived"),
            edits=True,
        )


WORLDS = {"webhook": _webhook, "mail": _mail, "slack": _slack, "apprise": _apprise}
GIT_HOSTS = {"github", "gitea"}
"""They take statuses of commits: see test_git_hosts."""


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with WORLDS[request.param]() as made:
        yield made


def test_every_kind_of_target_is_held_to_this() -> None:
    assert {*WORLDS, *GIT_HOSTS} == set(SHIPPED.notice_targets.keys)


async def test_it_gets_the_cause_the_log_and_links(world: World) -> None:
    reference = await world.target.tell(BEGUN)
    await world.target.tell(replace(BEGUN, id="n-1.2", notice=ENDED, fresh=(BACK,), reference=reference))
    *earlier, last = world.messages()
    assert len(earlier) == (0 if world.edits else 1)
    for words in (
        ENDED.title,
        "exit code 1 <&>",
        "fatal: no such table: orders",
        "pod web-1 (web)",
        "/deployments/d-1",
    ):
        assert words in last


async def test_what_happened_since_is_in_one_message(world: World) -> None:
    await world.target.tell(replace(BEGUN, notice=ENDED, fresh=(STARTED, BACK)))
    (only,) = world.messages()
    assert "rolling out" in only
    assert "rolled back" in only


async def test_who_is_away_may_be_told_later(world: World) -> None:
    world.away()
    with pytest.raises(Unavailable) as raised:
        await world.target.tell(BEGUN)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("world", [kind for kind in WORLDS if kind != "apprise"], indirect=True)
async def test_who_does_not_take_it_says_why(world: World) -> None:
    """Apprise tells no reasons apart: what it could not send is tried again."""
    assert world.refuses is not None
    world.refuses()
    with pytest.raises(Refused) as raised:
        await world.target.tell(BEGUN)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(("status", "said"), [(429, "17"), (503, "17"), (403, "17")])
async def test_who_was_asked_too_often_says_for_how_long_it_wants_to_be_left_alone(status: int, said: str) -> None:
    with receivers.http() as http:
        target = _open("webhook", {"url": http.url}, {}, f"127.0.0.1:{http.port}")
        http.status, http.headers = status, {"Retry-After": said}
        with pytest.raises(Overrun) as raised:
            await target.tell(BEGUN)
        assert raised.value.after == 17


async def test_a_mail_that_some_have_is_not_sent_to_them_again() -> None:
    with receivers.mails() as mail:
        mail.unknown = "gone@example.com"
        written = {"server": f"127.0.0.1:{mail.port}", "security": "none", "sender": "s@example.com"}
        written["to"] = ["team@example.com", "gone@example.com"]
        target = _open("mail", written, {}, f"127.0.0.1:{mail.port}")
        with pytest.raises(PartlyTold, match="does not take it for gone@"):
            await target.tell(BEGUN)
        assert mail.to == [("team@example.com",)]


async def test_a_service_with_short_messages_gets_the_end_of_a_log_and_the_links() -> None:
    with receivers.http() as http:
        address = f"json://127.0.0.1:{http.port}/notify"
        target = _open("apprise", {"address": "env:ADDRESS"}, {"env:ADDRESS": address})
        log = tuple(f"line {number} {'x' * 2000}" for number in range(20))
        await target.tell(replace(BEGUN, notice=replace(ENDED, log=log)))
        (got,) = http.got
        message = json.loads(got.body)["message"]
        assert len(message) < 32768
        assert "line 0 " not in message
        assert "line 19 " in message
        assert message.endswith("deployment: https://sealane.example.com/deployments/d-1")


async def test_people_in_a_real_chat_read_the_cause_the_log_and_links(tmp_path: Path) -> None:
    with receivers.irc(tmp_path) as (address, said):
        target = _open("apprise", {"address": "env:ADDRESS"}, {"env:ADDRESS": address})
        await target.tell(replace(BEGUN, notice=replace(ENDED, title="größer ✓: rolled back"), fresh=(BACK,)))
        link = "deployment: https://sealane.example.com/deployments/d-1"
        until("the link to be read", lambda: link in said())
        assert said() == [
            "größer ✓: rolled back",
            ENDED.text,
            "owner  payments",
            "The last lines of pod web-1 (web):",
            *(f"  {line}" for line in ENDED.log),
            link,
        ]


async def test_a_subject_is_a_line_of_letters_whatever_a_commit_says() -> None:
    with receivers.mails() as mail:
        written = {"server": f"127.0.0.1:{mail.port}", "security": "none", "sender": "s@example.com", "to": ["t@e.com"]}
        target = _open("mail", written, {}, f"127.0.0.1:{mail.port}")
        await target.tell(replace(BEGUN, notice=replace(NOTICE, title="größer\x1b[31m\r\nBcc: x@example.com ✓")))
        (got,) = mail.got
        assert got["Subject"] == "größer [31m Bcc: x@example.com ✓"
        assert got["Bcc"] is None


async def test_mails_about_one_thing_are_one_thread_and_say_that_nobody_wrote_them() -> None:
    with receivers.mails() as mail:
        written = {"server": f"127.0.0.1:{mail.port}", "security": "none", "sender": "s@example.com", "to": ["t@e.com"]}
        target = _open("mail", written, {}, f"127.0.0.1:{mail.port}")
        reference = await target.tell(BEGUN)
        assert (
            await target.tell(replace(BEGUN, id="n-1.2", notice=ENDED, fresh=(BACK,), reference=reference)) == reference
        )
        first, second = mail.got
        assert first["Message-ID"] == second["In-Reply-To"] == "<n-1.1@example.com>"
        assert second["Auto-Submitted"] == "auto-generated"
        assert "&lt;&amp;&gt;" in _part(second, "html")


@pytest.mark.parametrize("wrong", ["the password", "the host"])
async def test_a_wrong_password_or_host_is_told(wrong: str) -> None:
    with receivers.mails(password=SECRET) as mail:
        written = {"server": f"127.0.0.1:{mail.port}", "security": "none", "user": "u", "password": "env:P"}
        written |= {"sender": "s@example.com", "to": ["t@example.com"]}
        adapter = SHIPPED.notice_targets.get("mail", TargetAdapter)
        own = () if wrong == "the host" else (f"127.0.0.1:{mail.port}",)
        allowed = Allowlist(hosts=(), listed_in="notices.yaml", own=own)
        given = TargetContext(
            written=adapter.file(**written), secrets={"env:P": "wrong"}, allowed=allowed, threads=receivers.THREADS
        )
        with pytest.raises(SealaneError, match="535" if wrong == "the password" else "don't let 127.0.0.1"):
            await adapter.open(given).tell(BEGUN)


async def test_slack_has_one_message_a_thing_whose_thread_tells_what_happened() -> None:
    """A message that somebody removed is written anew."""
    with receivers.slack(SECRET) as slack:
        written = {"channel": slack.channel, "token": "env:TOKEN", "url": f"http://127.0.0.1:{slack.port}/api"}
        target = _open("slack", written, {"env:TOKEN": SECRET}, f"127.0.0.1:{slack.port}")
        reference = await target.tell(BEGUN)
        later = replace(BEGUN, id="n-1.2", notice=ENDED, fresh=(BACK,), reference=reference)
        assert await target.tell(later) == reference
        top, answer = slack.messages.values()
        assert top["text"] == ENDED.title
        assert top["attachments"][0]["color"] == "#b3261e"
        assert answer["thread_ts"] == reference["ts"]
        assert "fatal: no such table: orders" in answer["text"]
        assert "&lt;&amp;&gt;" in answer["text"], "nobody is mentioned by what a log says"
        slack.messages.clear()
        slack.messages["1.1"] = {"text": "another's"}
        assert await target.tell(later) != reference


@pytest.mark.parametrize(
    ("kind", "written", "secrets", "host"),
    [
        (
            "webhook",
            {"url": "https://nowhere.invalid/x", "secret": "env:KEY"},
            {"env:KEY": SECRET},
            "nowhere.invalid:443",
        ),
        (
            "mail",
            {"server": "nowhere.invalid", "sender": "sealane@example.com", "to": ["team@example.com"]},
            {},
            "nowhere.invalid:587",
        ),
    ],
)
async def test_a_host_that_nobody_knows_may_be_told_later(
    kind: str, written: dict[str, Any], secrets: dict[str, str], host: str
) -> None:
    """A slip in its name is no fault of Sealane's."""
    with pytest.raises(Unavailable, match=r"nowhere\.invalid.* can't be told: ") as raised:
        await _open(kind, written, secrets, host).tell(BEGUN)
    assert "Errno" not in raised.value.message
