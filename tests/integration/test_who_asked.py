"""Who asked is who signed in: by git's own protocol, by webhooks and by hand; what commits say only keeps people out."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import pretending
from tests.serving import Serving, git, repository, until

PEOPLE = """people:
  kim: {github: kim-x, emails: [kim@example.com]}
  cid: {github: cid-x, emails: [cid@work.example]}
"""
IMAGES = "app: APP\ndeliver:\n  - {formation: dev}\n  - {formation: production, approval: {by: approvers}}\n"


class App(pretending.App):
    """An app whose commits name whomever they like."""

    def __post_init__(self) -> None:
        made = self.serving.app(self.name, owner=self.owner)
        self.push_token, self.hook_secret = str(made["push_token"]), str(made["hook_secret"])
        repository(self.folder, self.files("first"))

    def say(self, words: str, *, author: str, message: str = "") -> str:
        """A commit by that author, whoever that is."""
        for path, text in {**self.files(words), ".sealane.yml": IMAGES.replace("APP", self.name)}.items():
            (self.folder / path).write_text(text)
        name, _, email = author.partition(" <")
        git(self.folder, "add", "--all")
        as_ = ("-c", f"user.name={name}", "-c", f"user.email={email.removesuffix('>')}")
        git(self.folder, *as_, "commit", "-q", "--allow-empty", "-m", message or words)
        return self.head

    def push_as(self, token: str, *, check: bool = True) -> str:
        """Pushes with that token; gives what git printed."""
        done = git(self.folder, "push", self.url(token), "HEAD:main", check=check)
        return done.stderr if done.returncode == 0 else f"refused: {done.stderr}"

    def waiting(self, head: str) -> Any:
        """The deployment to production of that commit."""
        return self.deployment("production", head, "waiting", within=120)

    def approve(self, deployment: Any, token: str) -> tuple[int, str]:
        with self.serving.client(token) as client:
            said = client.post(f"/api/deployments/{deployment['id']}/approve", json={})
            return said.status_code, said.json().get("message", "")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server whose engine and destinations only pretend, that knows two of its users at a git host."""
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(server, "own", "shared", "hooked")
        (server.folder / "config" / "people.yaml").write_text(PEOPLE)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def tokens(serving: Serving) -> dict[str, str]:
    """Everybody may push and approve, but for a reader."""
    named = {name: serving.user(name, "developers", "approvers") for name in ("kim", "cid", "zoe", "max")}
    return {**named, "reader": serving.user("reader", "viewers")}


def test_a_push_with_a_token_of_one_s_own(serving: Serving, tokens: dict[str, str], tmp_path: Path) -> None:
    """The pusher asked, whatever name is on the commit, and on those before it since what is there; so it stays when somebody runs it again."""
    app = App(serving, tmp_path / "own", "own")
    assert "refused" in app.push_as(tokens["reader"], check=False)
    assert git(app.folder, "ls-remote", app.url(tokens["reader"])).returncode == 0, "who may see may fetch"
    first = app.say("one", author="Max <max@example.com>")
    app.push_as(tokens["zoe"])
    deployment = app.waiting(first)
    assert (deployment["requested_by"], deployment["pusher"]["signed"]) == ("zoe", "own")
    assert app.approve(deployment, tokens["zoe"]) == (403, "zoe asked for it, and who asks does not approve")
    assert app.approve(deployment, tokens["max"]) == (403, "max wrote a commit of it, and who writes does not approve")
    assert app.approve(deployment, tokens["cid"])[0] == 200
    app.deployment("production", first)

    app.say("two", author="Somebody <cid@work.example>", message="two\n\nCo-authored-by: K. <KIM@example.com>")
    app.push_as(tokens["max"])
    second = app.say("three", author="Nobody <nobody@example.com>")
    app.push_as(tokens["zoe"])
    again = app.waiting(second)
    answers = {name: app.approve(again, tokens[name]) for name in ("zoe", "max", "cid", "kim")}
    assert answers == {
        "zoe": (403, "zoe asked for it, and who asks does not approve"),
        "max": (403, "max pushed it, and who pushes does not approve"),
        "cid": (403, "cid wrote a commit of it, and who writes does not approve"),
        "kim": (403, "kim wrote a commit of it, and who writes does not approve"),
    }
    (listed,) = [item for item in app.get("/api/pending") if item["deployment"] == again["id"]]
    assert listed["asked_by"] == "zoe, with a token of their own"
    assert set(listed["written"]) >= {"Somebody (cid)", "K. (kim)", "Nobody"}
    why = app.get(f"/api/why/{again['id']}")
    assert all(name in why["waiting"][0]["who"] for name in ("zoe", "max", "cid", "kim"))

    run = next(run["id"] for run in app.runs() if run["event"]["commit"] == second)
    with serving.client(tokens["kim"]) as client:
        rerun = client.post(f"/api/runs/{run}/rerun").json()["run"]
    made = until(
        "the run to be done again",
        lambda: next(
            (
                delivered
                for delivered in app.get(f"/api/runs/{rerun}")["deployments"]
                if delivered["formation"] == "production"
            ),
            None,
        ),
    )
    assert (made["requested_by"], made["by_hand"], made["pusher"]["name"]) == ("kim", True, "zoe")
    assert app.approve(made, tokens["kim"])[1] == "kim asked for it, and who asks does not approve"
    assert app.approve(made, tokens["zoe"])[1] == "zoe pushed it, and who pushes does not approve"
    asked = [line for line in _audit(serving) if line["kind"] == "run.requested" and line["app"] == "own"]
    pushes = [line for line in asked if "by" not in json.loads(line["data"])]
    assert [line["actor"] for line in pushes] == ["zoe", "max", "zoe"]


def test_a_push_with_the_app_s_token(serving: Serving, tokens: dict[str, str], tmp_path: Path) -> None:
    """Nobody knows who it was, whatever name they write; where operators say so, two others agree."""
    app = App(serving, tmp_path / "shared", "shared")
    head = app.say("one", author="cid <x@y.example>")
    app.push_as(app.push_token)
    deployment = app.waiting(head)
    assert (deployment["requested_by"], deployment["pusher"]) == (None, {"signed": "app", "name": "", "host": ""})
    assert app.approve(deployment, tokens["cid"])[1] == "cid wrote a commit of it, and who writes does not approve"
    (listed,) = [item for item in app.get("/api/pending") if item["deployment"] == deployment["id"]]
    assert listed["asked_by"] == "somebody with the app's own token"
    assert "asked by somebody with the app's own token" in app.cli("approve", token=tokens["zoe"]).stdout
    assert app.approve(deployment, tokens["zoe"])[0] == 200
    app.deployment("production", head)

    strict = (serving.folder / "config/environments/production.yaml").read_text()
    serving.environment_file("production", strict.replace("by: [approvers]", "by: [approvers], unknown_pusher: 1"))
    head = app.say("two", author="cid <x@y.example>")
    app.push_as(app.push_token)
    deployment = app.waiting(head)
    assert app.approve(deployment, tokens["zoe"])[0] == 200
    why = app.get(f"/api/why/{deployment['id']}")["sentence"]
    assert "the approval of 1 more of approvers (1 of 2 because nobody knows who pushed)" in why
    assert app.approve(deployment, tokens["kim"])[0] == 200
    app.deployment("production", head)
    serving.environment_file("production", strict)


def test_who_pushed_at_a_git_host(serving: Serving, tokens: dict[str, str], tmp_path: Path) -> None:
    """The host says so, and operators say who that is; a wrong file stops every approval, with its place."""
    app = App(serving, tmp_path / "hooked", "hooked")
    head = app.say("one", author="Whoever <who@example.com>")
    git(app.folder, "push", "-q", str(serving.folder / "data" / "repositories" / "hooked.git"), "HEAD:main")
    hook(app, head, sender="Kim-X")
    deployment = app.waiting(head)
    assert (deployment["requested_by"], deployment["pusher"]["host"]) == ("kim", "github")
    assert app.approve(deployment, tokens["kim"])[1] == "kim asked for it, and who asks does not approve"

    file = serving.folder / "config" / "people.yaml"
    file.write_text(PEOPLE.replace("cid-x", "kim-x"))
    status, message = app.approve(deployment, tokens["zoe"])
    assert status == 403, message
    assert "people.yaml:3:17: kim-x is kim's already" in message
    assert str(file) not in message
    assert "people.yaml:3:17" in app.get(f"/api/why/{deployment['id']}")["sentence"]
    file.write_text(PEOPLE)
    assert app.approve(deployment, tokens["zoe"])[0] == 200
    app.deployment("production", head)


def _audit(serving: Serving) -> list[dict[str, Any]]:
    with sqlite3.connect(serving.folder / "data" / "sealane.db") as database:
        database.row_factory = sqlite3.Row
        return [
            dict(row)
            for row in database.execute("select actor, kind, app, data from outbox where actor is not null order by id")
        ]


def hook(app: App, commit_hash: str, *, sender: str) -> None:
    """A signed message of GitHub's that somebody moved the branch to the commit."""
    message = {
        "ref": "refs/heads/main",
        "before": "0" * 40,
        "after": commit_hash,
        "repository": {
            "full_name": f"team/{app.name}",
            "clone_url": "https://x.example/x.git",
            "default_branch": "main",
        },
        "head_commit": {"id": commit_hash, "message": "one", "author": {"name": "Whoever"}},
        "pusher": {"name": "whoever"},
        "sender": {"login": sender},
    }
    body = json.dumps(message).encode()
    signature = hmac.new(app.hook_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1"}
    with app.serving.client("") as client:
        answer = client.post(f"/hooks/github/{app.name}", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
