"""An app on a server whose engine and destinations only pretend, pushed to over HTTP as people push."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import server_nursery
from tests.serving import Serving, commit, git, repository, until

SETTINGS = {"SEALANE_ENGINE__KIND": "dummy", "SEALANE_WORKER__POLL": "0.25", "SEALANE_WORKER__SWEEP": "0.5"}

PIPELINE = """app: APP
owner: team
steps:
  - {name: lint, image: busybox, commands: [lint all], needs: [], environment: {DUMMY_OUTPUT: "lint is happy\\n"}}
  - {name: test, image: busybox, commands: [test all], needs: [lint], environment: {DUMMY_OUTPUT: "WORDS\\n"}}
deliver:
  - {formation: dev}
  - {formation: production, approval: {by: approvers}}
"""
FORMATION = """formation: NAME
environment: NAME
destination: here
namespace: APP-NAME
values: {words: WORDS}
strategy: {healthy_for: 0s, patience: 5s, deadline: 20s}
"""
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/APP:1
          env: [{name: WORDS, value: "${words}"}EXTRA]
"""
ENVIRONMENT = """environment: NAME
destinations: {here: {dummy: {}}}
apps:
APPS
policies: {packs: []}
"""
LIMITS = '  APP: {namespaces: [APP-NAME], registries: ["registry.example.com/**"], secrets: ["env:MINE_*", "age:**"]APPROVALS}'
NEVER_READY = ', {name: DUMMY_NEVER_READY, value: "1"}'
ENDS = ', {name: DUMMY_EXIT_CODE, value: "3"}, {name: DUMMY_OUTPUT, value: "no such table: carts"}'


def environments(serving: Serving, *apps: str) -> None:
    """Lets the apps come to dev, and with an approver's yes to production."""
    for name, text in environment_files(*apps).items():
        serving.environment_file(name, text)


def environment_files(*apps: str) -> dict[str, str]:
    """The same, as the files' texts by the environments' names."""
    files = {}
    for name, approvals in (("dev", ""), ("production", ", approvals: {by: [approvers]}")):
        limits = (LIMITS.replace("APPROVALS", approvals).replace("APP", app) for app in apps)
        files[name] = ENVIRONMENT.replace("APPS", "\n".join(limits)).replace("NAME", name)
    return files


def version(app: str, words: str, *, extra: str = "") -> dict[str, str]:
    """The files of a version of an app; `extra` says how its instances fare."""
    formations = {
        f"deploy/formations/{name}.yaml": FORMATION.replace("NAME", name).replace("WORDS", words)
        for name in ("dev", "production")
    }
    files = {".sealane.yml": PIPELINE.replace("WORDS", words), "deploy/stencils/web.yaml": STENCIL, **formations}
    return {path: text.replace("APP", app).replace("EXTRA", extra) for path, text in files.items()}


@dataclass
class App:
    """A registered app, its push token and a working copy."""

    serving: Serving
    folder: Path
    name: str
    owner: str = "developers"
    push_token: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.push_token = str(self.serving.app(self.name, owner=self.owner)["push_token"])
        repository(self.folder, self.files("first"))

    @property
    def remote(self) -> str:
        """Where git pushes to, its password included."""
        return self.url(self.push_token)

    def url(self, password: str) -> str:
        """The same with another password."""
        return self.serving.url.replace("://", f"://{self.name}:{password}@") + f"/git/{self.name}.git"

    def files(self, words: str, *, extra: str = "") -> dict[str, str]:
        """A version of the app; `extra` says how its instances fare."""
        return version(self.name, words, extra=extra)

    def commit(self, words: str, *, extra: str = "", changes: Mapping[str, str] | None = None) -> str:
        """Another commit; gives its hash. `changes` are files that differ from an ordinary version's."""
        commit(self.folder, {**self.files(words, extra=extra), **(changes or {})}, words)
        return self.head

    @property
    def head(self) -> str:
        return git(self.folder, "rev-parse", "HEAD").stdout.strip()

    def push(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`git push` over HTTP."""
        return git(self.folder, "push", self.remote, *(words or ("HEAD:main",)), check=check)

    def get(self, path: str, token: str | None = None, **query: Any) -> Any:
        """What the API answers."""
        with self.serving.client(token) as client:
            answer = client.get(path, params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()

    def runs(self) -> list[dict[str, Any]]:
        """The app's runs, the newest first."""
        listed: list[dict[str, Any]] = self.get("/api/runs", app=self.name)
        return listed

    def run_of(self, commit_hash: str, *, ref: str = "refs/heads/main", within: float = 120) -> dict[str, Any]:
        """The whole run of a commit once it has ended."""

        def look() -> dict[str, Any] | None:
            mine = (
                run
                for run in self.runs()
                if run["event"]["commit"] == commit_hash and run["event"]["ref"] == ref and run["ended"]
            )
            return next(mine, None)

        ended = until(f"the run of {commit_hash[:7]} to end", look, within=within)
        view: dict[str, Any] = self.get(f"/api/runs/{ended['id']}")
        return view

    def deployment(self, formation: str, commit_hash: str, state: str = "ended", *, within: float = 120) -> Any:
        """The deployment that the run of a commit asked for, once it has got there."""

        run = next(run["id"] for run in self.runs() if run["event"]["commit"] == commit_hash)

        def look() -> dict[str, Any] | None:
            view = self.get(f"/api/runs/{run}")
            assert not str(view["run"]["reason"]).startswith("refused"), view["run"]["reason"]
            mine = (
                delivery
                for delivery in view["deployments"]
                if (delivery["formation"], delivery["state"]) == (formation, state)
            )
            return next(mine, None)

        return until(f"the deployment of {commit_hash[:7]} to {formation} to be {state}", look, within=within)

    def started(self) -> list[str]:
        """Names of all containers that the engine ever started."""
        journal = self.serving.folder / "data" / "dummies" / "engine" / "journal"
        return journal.read_text().split() if journal.exists() else []

    def there(self, formation: str) -> dict[str, Any]:
        """The manifests at the destination, by kind and name, of every app."""
        state = self.serving.folder / "data" / "dummies" / formation / "here.json"
        objects = json.loads(state.read_text())["objects"].values() if state.exists() else []
        return {
            f"{stored['manifest']['metadata']['namespace']}/{stored['manifest']['kind']}/{stored['manifest']['metadata']['name']}": stored[
                "manifest"
            ]
            for stored in objects
        }

    def cli(self, *words: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command line, signed in with a token."""
        signed_in = {**self.signed_in, **({"SEALANE_TOKEN": token} if token else {})}
        return server_nursery.run(words, signed_in, folder=self.serving.folder)

    @property
    def signed_in(self) -> dict[str, str]:
        """What the environment of a command line is, signed in as an administrator."""
        here = {"SEALANE_URL": self.serving.url, "SEALANE_TOKEN": self.serving.token}
        return {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **here}
