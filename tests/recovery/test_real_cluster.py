"""kill -9 at ten random moments, with a real engine and a real cluster; the API server's audit log is the witness."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from testbed.record import Bed
from tests.bed import Kubectl

from .killing import Nursery, World, nursery
from .nursery import Order
from .shop import Shop, pushed

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
          envFrom: [{configMapRef: {name: "${config}"}}]
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: NAMESPACE
config: {settings: WORDS}
strategy: {healthy_for: 0s}
"""
ENVIRONMENT = """environment: dev
destinations: {here: {kubernetes: {kubeconfig: KUBECONFIG}}}
apps:
  shop: {namespaces: [NAMESPACE], registries: [REGISTRY/**]}
policies: {packs: []}
"""
GOOD = "'sleep 3600'"
BAD = "'echo it does not work; exit 1'"
KILLS = 10
KILLS_A_COMMIT = 3
LIVES = (0.3, 2.5)
"""Seconds a worker lives, at least and at most."""


class Cluster:
    """What the audit log saw of a namespace."""

    def __init__(self, bed: Bed, namespace: str) -> None:
        assert bed.audit_log is not None
        lines = Path(bed.audit_log).read_text().splitlines()
        self.events = [
            event for line in lines if namespace in line and self._is_in(event := json.loads(line), namespace)
        ]

    def written_by_sealane(self, resource: str) -> list[dict[str, Any]]:
        """Successful writes of that resource by Sealane's own account, in order; dry runs aside."""
        return [
            event
            for event in self.events
            if event["objectRef"].get("resource") == resource
            and event["verb"] in {"create", "patch", "update"}
            and event["user"]["username"].endswith(":sealane")
            and event["responseStatus"]["code"] < 300
            and "dryRun" not in event["requestURI"]
        ]

    @staticmethod
    def _is_in(event: dict[str, Any], namespace: str) -> bool:
        return bool(event.get("objectRef", {}).get("namespace") == namespace)


@pytest.mark.timeout(600)
async def test_ten_kills_at_random_moments_change_nothing(
    bed: Bed, kubectl: Kubectl, kubeconfig: Path, namespace: str, busybox_image: str, registry: str, tmp_path: Path
) -> None:
    """Runs and rollouts go on; no repeated write raises a generation, no Job runs twice, no step starts twice."""
    if not bed.own_cluster:
        pytest.fail("only the test bed's own cluster has an audit log to be read")
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)
    shop = Shop(tmp_path)
    world = World(data=shop.data, database=None)
    names = {"IMAGE": busybox_image, "NAMESPACE": namespace, "KUBECONFIG": str(kubeconfig), "REGISTRY": registry}
    (shop.data / "config" / "environments" / "dev.yaml").write_text(_filled(ENVIRONMENT, names))
    async with world.answering() as server:
        await shop.register(server)

    before = None
    bad: list[bool] = []
    killed = 0
    async with nursery() as workers:
        while killed < KILLS:
            bad.append(len(bad) % 3 == 1)
            told = {**names, "WORDS": f"v{len(bad)}", "COMMAND": BAD if bad[-1] else GOOD}
            files = {
                ".sealane.yml": _filled(PIPELINE, told),
                "deploy/stencils/all.yaml": _filled(STENCILS, told),
                "deploy/formations/dev.yaml": _filled(FORMATION, told),
            }
            commit = shop.commit_files(told["WORDS"], files)
            shop.push()
            async with world.answering() as server:
                await server.intake.receive(pushed(commit, before=before))
            before = commit
            killed += await _disturbed(workers, world, bed.docker_host, moments)

    async with world.answering() as server:
        verdicts = [str(each.verdict_kind) for each in reversed(await server.views.deployments())]
        runs = [run.id for run in await server.views.runs()]
    assert verdicts == ["rolled_back" if each else "deployed" for each in bad]

    seen = Cluster(bed, namespace)
    generations = [
        event["responseObject"]["metadata"]["generation"] for event in seen.written_by_sealane("deployments")
    ]
    live = json.loads(kubectl("get", "deployment", "web", "--namespace", namespace, "--output=json"))
    changes = len(bad) + sum(bad)  # each commit, and each way back
    assert live["metadata"]["generation"] == changes
    assert sorted(set(generations)) == list(range(1, changes + 1))
    jobs = {
        (event["objectRef"]["name"], event["responseObject"]["metadata"]["uid"])
        for event in seen.written_by_sealane("jobs")
    }
    assert sorted(name for name, _ in jobs) == sorted(f"migrate-v{number}" for number in range(1, len(bad) + 1))
    for run in runs:
        folder = shop.data / "workspaces" / run
        assert {name: (folder / f"{name}.txt").read_text() for name in ("one", "two")} == {
            "one": "one\n",
            "two": "two\n",
        }


async def _disturbed(workers: Nursery, world: World, engine: str, moments: random.Random) -> int:
    """Kills workers at random moments, then lets one work to the end; says how many were killed."""
    killed = 0
    for _ in range(KILLS_A_COMMIT):
        order = Order(data=str(world.data), engine=engine, killed_after=moments.uniform(*LIVES))
        code = (await workers.work(order))["code"]
        assert code in {0, -signal.SIGKILL}, (world.data / "worker.log").read_text()
        killed += code != 0
    done = await workers.work(Order(data=str(world.data), engine=engine))
    assert done["code"] == 0, (world.data / "worker.log").read_text()
    return killed


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text
