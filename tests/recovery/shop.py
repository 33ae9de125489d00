"""An app with a run of several steps and a deployment with a Job, whose next commit may be good or bad."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from sealane import composition
from sealane.access.model import ADMINISTRATORS, Actor
from sealane.events.model import Event, EventKind
from sealane.records.scopes import EVERYTHING
from tests import databases

SECRETS = {"SEALANE_SECRET_SHOP__TOKEN": "step-secret-4711", "SEALANE_SECRET_SHOP__PASSWORD": "run-secret-0815"}
"""Variables of the worker's environment, and values that must be found nowhere else."""

ADMIN = Actor(name="admin", groups=frozenset({ADMINISTRATORS}), via="token", deploys=EVERYTHING)

PIPELINE = """app: shop
services:
  db: {image: postgres, environment: {DUMMY_OUTPUT: ready}}
steps:
  - {name: lint, image: busybox, commands: [lint], needs: []}
  - name: test
    image: busybox
    commands: [test]
    needs: []
    secrets: [TOKEN]
    environment: {DUMMY_SLEEP: "0.05", DUMMY_REPORT: "<testsuite><testcase name='t'><failure/></testcase></testsuite>"}
    reports: {junit: "*.xml"}
  - {name: pack, image: busybox, commands: [pack], needs: [lint, test]}
deliver:
  - formation: dev
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
config: {settings: "${words}"}
values: {words: WORDS, code: CODE}
secrets: {PASSWORD: "env:PASSWORD"}
strategy: {healthy_for: 0s}
"""
STENCILS = """apiVersion: batch/v1
kind: Job
metadata: {name: migrate-WORDS}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: migrate, image: registry.example.com/shop:1}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1
          envFrom: [{configMapRef: {name: "${config}"}}, {secretRef: {name: "${secrets}"}}]
          env: [{name: CODE, value: "${code}"}ENV]
"""
ENVIRONMENT = """environment: dev
destinations: {here: {dummy: {}}}
apps:
  shop: {namespaces: [shop], registries: ["registry.example.com/**"], secrets: ["env:PASSWORD"]}
policies: {packs: []}
"""


class Shop:
    """The app's repository and its server's folder, below `root`."""

    def __init__(self, root: Path) -> None:
        self.source = root / "source"
        self.data = root / "data"
        self.source.mkdir(parents=True)
        environments = self.data / "config" / "environments"
        environments.mkdir(parents=True)
        databases.fill(self.data)
        (environments / "dev.yaml").write_text(ENVIRONMENT)
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, words: str, *, bad: bool = False, steps: bool = True) -> str:
        """Commits a version and gives its hash; a bad one ends again and again."""
        pipeline = PIPELINE if steps else "app: shop\ndeliver: [{formation: dev}]\n"
        environment = ', {name: DUMMY_EXIT_CODE, value: "1"}' if bad else ""
        files = {
            ".sealane.yml": pipeline,
            "deploy/formations/dev.yaml": FORMATION.replace("WORDS", words).replace("CODE", words),
            "deploy/stencils/all.yaml": STENCILS.replace("WORDS", words).replace("ENV", environment),
        }
        return self.commit_files(words, files)

    def commit_files(self, words: str, files: dict[str, str]) -> str:
        """Commits these files and gives the commit's hash."""
        for path, text in files.items():
            self._write(path, text)
        self._git("add", ".")
        self._git("commit", "--quiet", "--message", words)
        return self._git("rev-parse", "HEAD")

    async def register(self, server: composition.Server) -> None:
        """Registers the app; Sealane serves its repository."""
        await server.apps.register("shop", owner="payments", by=ADMIN)

    def push(self) -> None:
        """Pushes to the repository that Sealane serves."""
        self._git("push", "--quiet", str(self.data / "repositories" / "shop.git"), "main")

    def _write(self, path: str, text: str) -> None:
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _git(self, *words: str) -> str:
        person = ("-c", "user.name=ann", "-c", "user.email=ann@example.com")
        argv = ["git", *person, "-C", str(self.source), *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def pushed(commit: str, before: str | None = None) -> Event:
    """The event of a push."""
    return Event(
        kind=EventKind.PUSH,
        app="shop",
        commit=commit,
        before=before,
        branch="main",
        trunk="main",
        ref="refs/heads/main",
        author="ann",
        received=datetime.now(UTC),
    )
