"""kill -9 at every boundary of a deployment with hooks and gates: no Job runs twice, and no gate passes by being cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from .killing import Outcome, World, nursery, survive
from .shop import ENVIRONMENT, SECRETS, Shop, pushed

BESIDE = """formation: dev
environment: dev
destination: here
namespace: shop
values: {code: CODE}
secrets: {PASSWORD: "env:PASSWORD"}
strategy:
  healthy_for: 0s
  gates: [{name: tests, job: {stencil: tests}}]
  guard: {new_errors: warn}
hooks:
  before:
    - {name: migrate, stencil: migrate, reversible: {command: [back]}}
    - {name: seed, stencil: seed}
  after: [{name: warm, image: "registry.example.com/shop:1", command: [warm]}]
  failure: [{name: tell, image: "registry.example.com/shop:1", command: [tell]}]
  annotate: [{name: graphs, influxdb: {url: "http://127.0.0.1:9", database: shop}}]
"""
JOB = """---
apiVersion: batch/v1
kind: Job
metadata: {name: NAME}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: NAME, image: "registry.example.com/shop:1", env: [{name: DUMMY_READY_AFTER, value: "0.1"}END]}]
"""
WEB = """apiVersion: apps/v1
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
          envFrom: [{secretRef: {name: "${secrets}"}}]
          env: [{name: CODE, value: "${code}"}]
"""
FAILS = ', {name: DUMMY_EXIT_CODE, value: "7"}'


@pytest.fixture(autouse=True)
def secret_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers have in their environment this process has, too."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def commit(shop: Shop, code: str, *, tests: str = "", seed: str = "") -> str:
    """A version whose gate or second migration may fail."""
    jobs = {"migrate": "", "seed": seed, "tests": tests}
    stencils = WEB + "".join(JOB.replace("NAME", name).replace("END", end) for name, end in jobs.items())
    files = {
        ".sealane.yml": "app: shop\ndeliver: [{formation: dev}]\n",
        "deploy/formations/dev.yaml": BESIDE.replace("CODE", code),
        "deploy/stencils/all.yaml": stencils,
    }
    return shop.commit_files(code, files)


async def deployed(tmp_path: Path) -> tuple[Shop, World, str]:
    """A shop whose first version is there."""
    shop = Shop(tmp_path)
    (shop.data / "config" / "environments" / "dev.yaml").write_text(f'{ENVIRONMENT}gates: {{hosts: ["127.0.0.1:9"]}}\n')
    world = World(data=shop.data, database=None)
    good = commit(shop, "v1")
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(good))
    await nursery().work_to_the_end(world)
    return shop, world, good


async def killed_everywhere(shop: Shop, world: World, before: str, bad: str, folder: Path) -> Outcome:
    """What comes of the next version when workers are killed at every boundary; the same as undisturbed."""
    shop.push()
    async with world.answering() as server:
        await server.intake.receive(pushed(bad, before=before))
    survived = await survive(world, lambda _: None, folder)
    for step in ("hooks before", "annotate"):
        assert any(step in name for name in survived.killed), survived.killed
    return survived.undisturbed


def jobs(outcome: Outcome) -> list[str]:
    """The Jobs that were made, in order, without their digests."""
    made = [line.split()[2].partition("/")[2] for line in outcome.writes if line.startswith("create Job")]
    return [name.rpartition("-")[0] for name in made]


async def test_a_failing_gate_s_deployment_is_rolled_back_whatever_is_killed(tmp_path: Path) -> None:
    """Migrations, gate, the way back, taking back and telling: each Job runs once."""
    shop, world, good = await deployed(tmp_path)
    outcome = await killed_everywhere(shop, world, good, commit(shop, "v2", tests=FAILS), tmp_path)
    assert outcome.verdicts == ("shop/dev 1 deployed", "shop/dev 2 rolled_back")
    assert jobs(outcome) == [
        *("migrate", "seed", "tests", "warm"),
        *("migrate", "seed", "tests", "undo-migrate", "tell"),
    ]


async def test_a_failing_migration_writes_no_workload_whatever_is_killed(tmp_path: Path) -> None:
    """The migration before it is undone; the workload stays as it was."""
    shop, world, good = await deployed(tmp_path)
    outcome = await killed_everywhere(shop, world, good, commit(shop, "v2", seed=FAILS), tmp_path)
    assert outcome.verdicts == ("shop/dev 1 deployed", "shop/dev 2 failed")
    assert jobs(outcome)[4:] == ["migrate", "seed", "undo-migrate", "tell"]
    assert not [line for line in outcome.writes if "Deployment" in line and not line.endswith(" 1")]
