"""Who operators' files name is told of what a server does: by real mail and real requests, once, and again when it failed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from sealane.notices.model import Outgoing, TellState
from sealane.notices.targets import webhook
from tests import receivers
from tests.integration.inside import Inside
from tests.receivers import Http, Mails
from tests.recovery import shop

FORMATION = shop.FORMATION.replace("CODE", "WORDS")
KEY = "whsec_c2VhbGFuZQ=="
NOTICES = """targets:
  hook: {webhook: {url: "URL/sealane", secret: "env:HOOK_KEY"}}
  mail: {mail: {server: "127.0.0.1:PORT", security: none, sender: sealane@example.com, to: [team@example.com]}}
notices:
  - to: [hook, mail]
    of: [deployment.started, deployment.deployed, deployment.rolled_back, deployment.failed, hold.set]
    environments: [dev]
hosts: ["127.0.0.1:HOOKS"]
"""
OWN = """app: shop
deliver: [{formation: dev}]
notices:
  - {to: {webhook: {url: "URL/own"}}, of: deployment.deployed, template: {title: "${app} is out"}}
  - {to: [hook], of: run.failed}
"""


@pytest.fixture
def hook() -> Iterator[Http]:
    with receivers.http() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[Mails]:
    with receivers.mails() as receiver:
        yield receiver


@pytest.fixture
async def place(tmp_path: Path, hook: Http, mail: Mails, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Inside]:
    for name, value in {**shop.SECRETS, "SEALANE_SECRET__OPERATORS__HOOK_KEY": KEY}.items():
        monkeypatch.setenv(name, value)
    inside = Inside(tmp_path)
    text = NOTICES.replace("URL", hook.url).replace("PORT", str(mail.port)).replace("HOOKS", str(hook.port))
    (inside.shop.data / "config" / "notices.yaml").write_text(text)
    async with inside.knowing_the_shop():
        yield inside


def events(hook: Http) -> list[str]:
    return [event["kind"] for got in hook.got for event in json.loads(got.body)["events"]]


def sent(rows: Sequence[Outgoing], count: int) -> bool:
    return len(rows) == count and all(row.state is TellState.SENT for row in rows)


async def push(place: Inside, words: str, *, bad: bool = False) -> None:
    commit = place.shop.commit(words, bad=bad, steps=False)
    place.shop.push()
    await place.server.intake.receive(shop.pushed(commit, before=place.before))
    place.before = commit


async def test_deployments_are_told_by_signed_requests_and_by_mail(place: Inside, hook: Http, mail: Mails) -> None:
    """One that is deployed, one that is rolled back, and one while nobody can be told."""
    listed = place.server.store.notices.listed
    await push(place, "one")
    await place.until(listed, lambda rows: sent(rows, 2) and events(hook)[-1:] == ["deployment.deployed"])
    assert events(hook) == ["deployment.started", "deployment.deployed"]
    for got in hook.got:
        at, id_ = got.headers["webhook-timestamp"], got.headers["webhook-id"]
        assert got.headers["webhook-signature"] == webhook.signature(KEY, id_, at, got.body)
    told = json.loads(hook.got[-1].body)
    assert (told["app"], told["formation"], told["environment"]) == ("shop", "dev", "dev")
    assert told["title"] == f"shop {told['version']} to dev: deployed"
    assert mail.to[-1] == ("team@example.com",)
    assert mail.got[-1]["Subject"] == told["title"]

    await push(place, "two", bad=True)
    await place.until(listed, lambda rows: sent(rows, 4) and events(hook)[-1:] == ["hold.set"])
    assert events(hook)[2:] == ["deployment.started", "deployment.rolled_back", "hold.set"]
    last = mail.got[-1]
    assert last["Subject"].endswith(" to dev: rolled back, and held")
    text = last.get_body(("plain",)).get_content()
    assert "with exit code 1" in text
    assert f"deployment: {place.server.settings_url}/deployments/" in text
    assert "<a href=" in last.get_body(("html",)).get_content()

    hook.status, mail.refuses = 503, "451 not now"
    await push(place, "three")
    rows = await place.until(listed, lambda rows: len(rows) == 6 and all(row.tries for row in rows[:2]))
    assert {row.target: row.reason for row in rows[:2]} == {
        "hook": f"127.0.0.1:{hook.port} can't be told: it answered 503",
        "mail": f"the mail server 127.0.0.1:{mail.port} answers 451: not now",
    }
    hook.status, mail.refuses, mails = 200, None, len(mail.got)
    hook.got.clear()
    await place.until(listed, lambda rows: sent(rows, 6))
    assert events(hook) == ["deployment.started", "deployment.deployed"]
    assert len(mail.got) == mails + 1, "what happened meanwhile is in one message"

    files = {
        ".sealane.yml": OWN.replace("URL", hook.url),
        "deploy/formations/dev.yaml": FORMATION.replace("WORDS", "four"),
    }
    commit = place.shop.commit_files("four", files)
    place.shop.push()
    receipt = await place.server.intake.receive(shop.pushed(commit, before=place.before))
    await place.until(listed, lambda rows: sent(rows, 9))
    (own,) = [json.loads(got.body) for got in hook.got if got.path == "/own"]
    assert own["title"] == "shop is out"
    warned = (await place.server.views.run(receipt.run_id)).findings
    assert [finding.message for finding in warned] == [
        "nobody is told there: the operators don't let shop name the target hook: commits: of it in notices.yaml"
    ]
