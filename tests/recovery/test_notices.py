"""kill -9 while notices are sent: each is told, and one that is told again is known as the same."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import pretending, receivers
from tests.receivers import Http, Mails
from tests.serving import Serving, until

NOTICES = """targets:
  hook: {webhook: {url: "URL/sealane"}}
  mail: {mail: {server: "127.0.0.1:PORT", security: none, sender: sealane@example.com, to: [team@example.com]}}
notices: [{to: [hook, mail], of: deployment.deployed, environments: [dev]}]
hosts: ["127.0.0.1:HOOKS"]
"""


@dataclass
class Told:
    """A server, an app on it, and who is told what becomes of that."""

    app: pretending.App
    hook: Http
    mail: Mails

    def deploy(self, words: str) -> None:
        self.app.commit(words)
        self.app.push()

    def again(self) -> None:
        """Killed, and started again."""
        self.app.serving.kill()
        self.app.serving.start()

    def sent(self, count: int) -> list[dict[str, Any]] | None:
        """The notices, once so many are there and all are sent."""
        rows: list[dict[str, Any]] = self.app.get("/api/notices")
        return rows if len(rows) == count and all(row["state"] == "sent" for row in rows) else None


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with ExitStack() as stack:
        hook, mail = stack.enter_context(receivers.http()), stack.enter_context(receivers.mails())
        serving = Serving(tmp_path / "server", pretending.SETTINGS).start()
        stack.callback(serving.kill)
        pretending.environments(serving, "shop")
        text = NOTICES.replace("URL", hook.url).replace("PORT", str(mail.port)).replace("HOOKS", str(hook.port))
        (serving.folder / "config" / "notices.yaml").write_text(text)
        yield Told(pretending.App(serving, tmp_path / "shop", "shop"), hook, mail)


def test_what_was_sent_and_not_noted_is_sent_again_as_the_same(told: Told) -> None:
    """Killed by whoever is told, before it answers: by the webhook, then by the mail server."""
    serving = told.app.serving
    killers: tuple[Http | Mails, ...] = (told.hook, told.mail)
    for number, receiver in enumerate(killers, 1):
        receiver.meanwhile = serving.kill
        told.deploy(f"version {number}")
        until("the server to be killed", lambda: ended(serving))
        serving.start()
        until("both to be told", lambda count=2 * number: told.sent(count))
    told_twice = told.hook.got[0].headers["webhook-id"]
    assert [got.headers["webhook-id"] for got in told.hook.got].count(told_twice) == 2
    assert len({got.headers["webhook-id"] for got in told.hook.got}) == 2
    ids = [mail["Message-ID"] for mail in told.mail.got]
    assert (len(set(ids)), ids.count(ids[-1])) == (2, 2)


def ended(serving: Serving) -> bool:
    return serving.process is not None and serving.process.poll() is not None


def test_kills_at_seeded_moments_lose_no_notice(told: Told) -> None:
    """Each deployment is told, by one message or by repeats of it."""
    moments = random.Random(7)
    for number in range(4):
        told.deploy(f"version {number}")
        time.sleep(moments.uniform(0.0, 2.0))
        told.again()
    rows = until("all to be told", lambda: told.sent(8))
    events = {event["event"] for got in told.hook.got for event in json.loads(got.body)["events"]}
    by_event = defaultdict(set)
    for got in told.hook.got:
        for event in json.loads(got.body)["events"]:
            by_event[event["event"]].add(got.headers["webhook-id"])
    assert len(events) == 4
    assert {len(ids) for ids in by_event.values()} == {1}, "repeats are known by their id"
    assert len({mail["Message-ID"] for mail in told.mail.got}) == 4
    assert {row["target"] for row in rows} == {"hook", "mail"}
