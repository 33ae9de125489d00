"""kill -9 again and again while several formations move together and go back: all of it ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import random
import re
import signal
from pathlib import Path
from typing import Any

from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.records.deployments import DeploymentKind

from .killing import Nursery, World, nursery, told_end
from .nursery import Order
from .shop import ENVIRONMENT, Shop, pushed

MEMBERS = ("eu", "us", "asia")
STENCIL = """apiVersion: apps/v1
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
          env: [{name: WORDS, value: "${words}"}ENV]
"""
PIPELINE = "app: shop\ndeliver:\n  - formations: [eu, us, asia]\n"
BAD = ', {name: DUMMY_EXIT_CODE, value: "1"}'
_MOST_KILLS = 60


def version(words: str, *, bad: bool = False) -> dict[str, str]:
    """A version that is bad in the last of the three places, or good everywhere."""
    files = {
        ".sealane.yml": PIPELINE,
        "deploy/stencils/good.yaml": STENCIL.replace("ENV", ""),
        "deploy/stencils/bad.yaml": STENCIL.replace("ENV", BAD),
    }
    for name in MEMBERS:
        left_out = "good" if bad and name == "asia" else "bad"
        files[f"deploy/formations/{name}.yaml"] = (
            f"formation: {name}\nenvironment: {name}\ndestination: here\nnamespace: shop\n"
            f"values: {{words: {words}}}\nstencils: {{exclude: [{left_out}*]}}\nstrategy: {{healthy_for: 0s}}\n"
        )
    return files


async def came_of(world: World) -> dict[str, Any]:
    """What there is to compare: verdicts, what went back and in which order, holds, outcome and every write."""
    async with world.answering() as server:
        deployments = await server.views.deployments(limit=50)
        backs = sorted(
            (deployment for deployment in deployments if deployment.kind is DeploymentKind.ROLLBACK),
            key=lambda deployment: deployment.started,
        )
        views = [await server.views.deployment(deployment.id) for deployment in deployments]
        return {
            "verdicts": sorted(
                f"{deployment.label} {deployment.sequence} {deployment.kind} {deployment.verdict_kind}"
                for deployment in deployments
            ),
            "back": [(deployment.formation, _plain(deployment.note)) for deployment in backs],
            "holds": sorted((hold.formation, hold.up_to) for hold in await server.store.holds.open("shop")),
            "outcomes": {_plain(group.outcome) for view in views for group in view.groups},
            "writes": {name: _writes(world, name) for name in MEMBERS},
        }


def _plain(text: str | None) -> str:
    """How often a container has ended by the time that somebody looks is no matter."""
    return re.sub(r"ended (twice|\d+ times)", "ended", text or "")


def _writes(world: World, name: str) -> list[str]:
    destination = DummyDestination(State(world.data / "dummies" / name / "here.json"))
    return [f"{write.verb} {write.object} {write.generation}" for write in destination.journal()]


async def test_a_release_group_moves_and_goes_back_the_same_whatever_is_killed(
    tmp_path: Path,
) -> None:
    """Every worker comes a few boundaries further than the last, and dies there."""
    shop = Shop(tmp_path)
    for name in MEMBERS:
        file = shop.data / "config" / "environments" / f"{name}.yaml"
        file.write_text(ENVIRONMENT.replace("environment: dev", f"environment: {name}"))
    world = World(data=shop.data, database=None)
    good = shop.commit_files("v1", version("v1"))
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(good))
    await nursery().work_to_the_end(world)
    bad = shop.commit_files("v2", version("v2", bad=True))
    shop.push()
    async with world.answering() as server:
        await server.intake.receive(pushed(bad, before=good))
    alone, disturbed = (world.copy(tmp_path / name, lambda _: None) for name in ("alone", "killed"))

    workers = nursery()
    _, kills = await asyncio.gather(workers.work_to_the_end(alone), _kill_on(workers, disturbed))

    undisturbed = await came_of(alone)
    assert await came_of(disturbed) == undisturbed
    assert kills > 2
    assert [formation for formation, _ in undisturbed["back"]] == ["us", "eu"]
    assert undisturbed["holds"] == [("asia", 2), ("eu", 2), ("us", 2)]
    assert any(outcome.endswith("; us rolled back; eu rolled back") for outcome in undisturbed["outcomes"])


async def _kill_on(workers: Nursery, world: World) -> int:
    """One worker after the other, killed after a few boundaries each; says how many were."""
    chance = random.Random(4711)
    for kills in range(_MOST_KILLS):
        order = Order(data=str(world.data), database=world.database, at_boundary=chance.randint(8, 24))
        done = await workers.work(order)
        if done["code"] == 0:
            return kills
        assert done["code"] == -signal.SIGKILL, told_end(done["code"], world)
    raise AssertionError("it does not come to an end")
