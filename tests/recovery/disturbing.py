"""A scripted sequence of deployments on a real cluster, its workers killed with SIGKILL at random moments.

Good versions, bad ones that are rolled back, and versions that a person goes back from, in turns. What must come of it is
known; the API server's audit log is the witness of every write.
"""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from testbed.record import Bed

from .killing import Nursery, World, nursery, told_end
from .nursery import Order
from .shop import ADMIN, Shop, pushed

PIPELINE = """app: shop
steps:
  - {name: one, image: IMAGE, commands: ["echo one >> one.txt", "sleep 0.4"], needs: []}
  - {name: two, image: IMAGE, commands: ["echo two >> two.txt", "sleep 0.2"], needs: []}
deliver:
  - formation: dev
"""
STENCILS = """apiVersion: batch/v1
kind: Job
metadata: {name: migrate-WORDS}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: IMAGE, command: [echo, WORDS]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: IMAGE
          command: [sh, -c, COMMAND]
          # without one, a node that tells late that the container ended passes a bad version for ready (docs/verdicts.md)
          readinessProbe: {exec: {command: [test, -f, /tmp/up]}, periodSeconds: 1, timeoutSeconds: 20}
          envFrom: [{configMapRef: {name: "${config}"}}]
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: NAMESPACE
config: {settings: WORDS}
strategy: {healthy_for: 2s}
"""
ENVIRONMENT = """environment: dev
destinations: {here: {kubernetes: {kubeconfig: KUBECONFIG}}}
apps:
  shop: {namespaces: [NAMESPACE], registries: [REGISTRY/**]}
policies: {packs: []}
"""
GOOD = "'touch /tmp/up; sleep 3600'"
BAD = "'echo it does not work; exit 1'"
KILLS_A_TURN = 3
LIVES = (0.3, 2.5)
"""Seconds a worker lives, at least and at most."""


class Turn(StrEnum):
    """What happens next."""

    GOOD = "a good version"
    BAD = "a bad version"
    BACK = "a person goes back"


SCRIPT = (Turn.GOOD, Turn.BAD, Turn.GOOD, Turn.BACK)
VERDICTS = {Turn.GOOD: "deployed", Turn.BAD: "rolled_back", Turn.BACK: "deployed"}
CHANGES = {Turn.GOOD: 1, Turn.BAD: 2, Turn.BACK: 1}
"""Generations of the Deployment: a bad version is written, and what was before once more."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it happens."""

    bed: Bed
    namespace: str
    kubeconfig: Path
    folder: Path
    database: str | None = None


@dataclass(kw_only=True)
class Seen:
    """What came of a sequence."""

    turns: list[Turn] = field(default_factory=list)
    kills: int = 0
    verdicts: list[str] = field(default_factory=list)
    generation: int = 0
    generations: list[int] = field(default_factory=list)
    jobs: Counter[str] = field(default_factory=Counter)
    """How often each Job was made."""
    steps: list[str] = field(default_factory=list)
    """What each run's steps wrote, twice if a step ran twice."""
    undone: list[str] = field(default_factory=list)
    """Workflows that have not ended, and runs that did not pass."""

    def wrong(self) -> list[str]:
        """Every promise that was broken, in words."""
        changes = sum(CHANGES[turn] for turn in self.turns)
        versions = [f"migrate-v{number}" for number, turn in enumerate(self.turns) if turn is not Turn.BACK]
        often = {name: 1 + (self._rolled_back_to(name)) for name in versions}
        problems = [
            f"turn {number}, {turn}: {verdict} instead of {VERDICTS[turn]}"
            for number, (turn, verdict) in enumerate(zip(self.turns, self.verdicts, strict=False))
            if verdict != VERDICTS[turn]
        ]
        problems += (
            [] if len(self.verdicts) == len(self.turns) else [f"{len(self.verdicts)} of {len(self.turns)} verdicts"]
        )
        problems += [] if self.generation == changes else [f"generation {self.generation} after {changes} changes"]
        problems += [] if self.generations == list(range(1, changes + 1)) else [f"generations {self.generations}"]
        problems += [
            f"{name} was made {times} times" for name, times in self.jobs.items() if times > often.get(name, 0)
        ]
        problems += [f"{name} was never made" for name in versions if name not in self.jobs]
        problems += [f"steps wrote {text!r}" for text in self.steps if text not in {"one\n", "two\n"}]
        return problems + self.undone

    def _rolled_back_to(self, job: str) -> int:
        """How often a person rolled back to the version with that Job; it is made again if it was pruned meanwhile."""
        number = int(job.removeprefix("migrate-v"))
        good = [place for place, turn in enumerate(self.turns) if turn is Turn.GOOD]
        later = [place for place in good if place > number]
        following = later[0] if later else None
        return sum(
            1
            for place, turn in enumerate(self.turns)
            if turn is Turn.BACK and following is not None and place == following + 1
        )


async def disturb(place: Place, *, kills: int, seed: int, tell: Callable[[str], object] = lambda words: None) -> Seen:
    """Goes through the script until so many workers were killed, lets the last turn end, and looks."""
    moments = random.Random(seed)
    shop = Shop(place.folder)
    world = World(data=shop.data, database=place.database)
    names = {
        "IMAGE": place.bed.busybox_image,
        "NAMESPACE": place.namespace,
        "KUBECONFIG": str(place.kubeconfig),
        "REGISTRY": place.bed.registry,
    }
    (shop.data / "config" / "environments" / "dev.yaml").write_text(filled(ENVIRONMENT, names))
    async with world.answering() as server:
        await shop.register(server)
    seen = Seen()
    before = None
    workers = nursery()
    while seen.kills < kills:
        turn = SCRIPT[len(seen.turns) % len(SCRIPT)]
        if turn is Turn.BACK:
            async with world.answering() as server:
                await server.requests.rollback("shop", "dev", to=None, by=ADMIN)
        else:
            before = await _push(shop, world, turn, before, {**names, "WORDS": f"v{len(seen.turns)}"})
        seen.turns.append(turn)
        seen.kills += await _disturbed(workers, world, place.bed.docker_host, moments)
        tell(f"{turn}: {seen.kills} killed so far")
    await _look(place, shop, world, seen)
    return seen


async def _push(shop: Shop, world: World, turn: Turn, before: str | None, words: dict[str, str]) -> str:
    words = {**words, "COMMAND": BAD if turn is Turn.BAD else GOOD}
    files = {
        ".sealane.yml": filled(PIPELINE, words),
        "deploy/stencils/all.yaml": filled(STENCILS, words),
        "deploy/formations/dev.yaml": filled(FORMATION, words),
    }
    commit = shop.commit_files(words["WORDS"], files)
    shop.push()
    async with world.answering() as server:
        await server.intake.receive(pushed(commit, before=before))
    return commit


async def _disturbed(workers: Nursery, world: World, engine: str, moments: random.Random) -> int:
    """Kills workers at random moments, then lets one work to the end; says how many were killed."""
    killed = 0
    for _ in range(KILLS_A_TURN):
        order = Order(
            data=str(world.data), database=world.database, engine=engine, killed_after=moments.uniform(*LIVES)
        )
        code = (await workers.work(order))["code"]
        assert code in {0, -signal.SIGKILL}, told_end(code, world)
        killed += code != 0
    done = await workers.work(Order(data=str(world.data), database=world.database, engine=engine))
    assert done["code"] == 0, told_end(done["code"], world)
    return killed


async def _look(place: Place, shop: Shop, world: World, seen: Seen) -> None:
    async with world.answering() as server:
        deployments = sorted(await server.views.deployments(), key=lambda deployment: deployment.sequence)
        runs = await server.views.runs()
        left = await server.queueing.client.list_workflows_async(status=["PENDING", "ENQUEUED"])
    seen.verdicts = [str(deployment.verdict_kind) for deployment in deployments]
    seen.undone = [f"workflow {workflow.workflow_id} has not ended" for workflow in left]
    seen.undone += [f"{run.label} {run.status}: {run.reason}" for run in runs if run.status not in {"passed", "failed"}]
    count(place, seen)
    files = [shop.data / "workspaces" / run.id / f"{name}.txt" for run in runs for name in ("one", "two")]
    seen.steps = [file.read_text() if file.exists() else "" for file in files]


def count(place: Place, seen: Seen) -> None:
    """Notes what was written to the cluster."""
    written = list(_written(place, "deployments"))
    seen.generations = sorted({event["responseObject"]["metadata"]["generation"] for event in written})
    seen.generation = max(seen.generations, default=0)
    made = {
        (event["objectRef"]["name"], event["responseObject"]["metadata"]["uid"]) for event in _written(place, "jobs")
    }
    seen.jobs = Counter(name for name, _ in made)


def _written(place: Place, resource: str) -> list[dict[str, Any]]:
    """Successful writes of that resource in the namespace by Sealane's own account, in order; dry runs aside."""
    assert place.bed.audit_log is not None, "only the test bed's own cluster has an audit log to be read"
    lines = Path(place.bed.audit_log).read_text().splitlines()
    events = [json.loads(line) for line in lines if place.namespace in line]
    return [
        event
        for event in events
        if (about := event.get("objectRef", {})).get("namespace") == place.namespace
        and about.get("resource") == resource
        and event["verb"] in {"create", "patch", "update"}
        and event["user"]["username"].endswith(":sealane")
        and event["responseStatus"]["code"] < 300
        and "dryRun" not in event["requestURI"]
    ]


def filled(text: str, words: dict[str, str]) -> str:
    """The text with these words in the places of their names."""
    for name, value in words.items():
        text = text.replace(name, value)
    return text
