"""A real Gitea: its own signed webhooks start runs of private repositories, and what becomes of them stands at the commits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.record import Bed
from tests import gitea, pretending
from tests.serving import Serving, commit, git, until

NOTICES = """targets:
  host: {gitea: {url: "URL", token: "env:GITEA_TOKEN"}}
notices:
  - to: host
    of: [deployment.started, deployment.deployed, deployment.rolled_back, deployment.failed, approval.asked, run.failed, run.fixed]
"""


@pytest.fixture(scope="module")
def host(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[gitea.Host]:
    with gitea.serving(bed, tmp_path_factory.mktemp("gitea")) as host:
        yield host


@dataclass(frozen=True, kw_only=True)
class Team:
    """Somebody with a private repository at the host, and a server that is told of it."""

    repository: gitea.Repository
    serving: Serving
    folder: Path
    person: str
    remote: str

    def push(self, words: str, *refs: str, **how: Any) -> str:
        """A version, pushed to Gitea; gives its commit."""
        commit(self.folder, pretending.version("shop", words, **how), words)
        git(self.folder, "push", "-q", "-f", self.remote, *(refs or ("HEAD:main",)))
        return git(self.folder, "rev-parse", "HEAD").stdout.strip()

    def run_of(self, head: str, ref: str = "refs/heads/main") -> dict[str, Any]:
        """The run that Gitea's message started, once it has ended."""

        def look() -> dict[str, Any] | None:
            with self.serving.client() as client:
                runs = client.get("/api/runs", params={"app": "shop"}).json()
            mine = [run for run in runs if (run["event"]["commit"], run["event"]["ref"]) == (head, ref)]
            return mine[0] if mine and mine[0]["ended"] else None

        return until(f"the run of {head[:7]} to end", look)

    def states(self, head: str) -> Mapping[str, str]:
        """What stands at a commit."""
        return {context: status["status"] for context, status in self.repository.statuses(head).items()}

    def stands(self, head: str, **wanted: str) -> None:
        """Waits until this stands there."""
        states = {f"sealane/{formation}": state for formation, state in wanted.items()}
        until(f"{states} at {head[:7]}", lambda: {**self.states(head), **states} == self.states(head))


@pytest.fixture(scope="module")
def team(host: gitea.Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("team")
    repository = host.repository()
    person, token = host.person("write:repository")
    repository.let_in(person)
    settings = {
        **pretending.SETTINGS,
        "SEALANE_GIT__TOKENS": json.dumps({host.url: f"{person}:{token}"}),
        "SEALANE_EGRESS__NETWORKS": '["127.0.0.1/32"]',
        "SEALANE_SECRET__OPERATORS__GITEA_TOKEN": token,
    }
    serving = Serving(folder / "server", settings).start()
    try:
        pretending.environments(serving, "shop")
        (serving.folder / "config" / "notices.yaml").write_text(NOTICES.replace("URL", host.url))
        made = serving.app("shop", repository=repository.url)
        events = ("push", "create", "delete", "pull_request", "pull_request_sync")
        repository.hook(f"{serving.url}/hooks/gitea/shop", made["hook_secret"], *events)
        repository.hook(f"{serving.url}/hooks/gitea/shop", "another secret", *events)
        git(folder, "init", "-q", "-b", "main", "work")
        remote = repository.signed_in(token, person)
        yield Team(repository=repository, serving=serving, folder=folder / "work", person=person, remote=remote)
    finally:
        serving.stop()


def test_a_push_starts_a_run_once_and_its_deliveries_stand_at_the_commit(team: Team) -> None:
    """A good version, a bad one, and one that waits for a person; the hook with another secret is believed in nothing."""
    head = team.push("one")
    run = team.run_of(head)
    assert run["status"] == "passed", run["reason"]
    assert run["event"]["repository"] == team.repository.url
    team.stands(head, dev="success", production="pending")
    assert team.repository.statuses(head)["sealane/production"]["description"].startswith("waits for approval: ")
    bad = team.push("two", extra=pretending.ENDS)
    team.run_of(bad)
    team.stands(bad, dev="failure")
    assert "no such table" not in team.repository.statuses(bad)["sealane/dev"]["description"]
    with team.serving.client() as client:
        runs = client.get("/api/runs", params={"app": "shop"}).json()
    assert [run["event"]["commit"] for run in runs] == [bad, head]
    assert runs[0]["event"]["pusher"] == {"signed": "host", "name": team.person, "host": "gitea"}


def test_tags_branches_and_pull_requests_start_runs(team: Team) -> None:
    """A pull request's new commit comes as a message of its own."""
    head = team.push("three", "HEAD:refs/tags/v3")
    assert team.run_of(head, "refs/tags/v3")["event"]["kind"] == "tag"
    team.push("four", "HEAD:feature")
    made = team.repository.ask("POST", "/pulls", json={"head": "feature", "base": "main", "title": "Sell more ü"})
    head = team.push("five", "HEAD:feature")
    event = team.run_of(head, f"refs/pull/{made['number']}/head")["event"]
    assert (event["kind"], event["branch"], event["message"]) == ("pull_request", "main", "Sell more ü")
    assert team.run_of(head, "refs/heads/feature")["event"]["kind"] == "push"
