"""Strategies on a server, on a destination that pretends: what served before goes in its time, and not before.

And work that is finished: whichever way a revision comes back, its Jobs do not run again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sealane.access.model import Actor
from sealane.destinations.dummy.state import State
from sealane.records.deployments import Deployment
from sealane.records.scopes import EVERYTHING
from sealane.workflows import queues
from tests.integration.inside import Inside
from tests.recovery.shop import FORMATION, SECRETS, STENCILS

SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""


class World(Inside):
    """A shop, its server and what is at its destination."""

    async def push(self, words: str, strategy: str, *, told: str = "") -> Deployment:
        """Pushes a version that behaves as it is `told`, and gives its deployment once that has ended."""
        environment = f', {{name: {told.partition("=")[0]}, value: "{told.partition("=")[2]}"}}' if told else ""
        formation = FORMATION.replace("{healthy_for: 0s}", f"{{{strategy}, healthy_for: 0s}}")
        files = {
            ".sealane.yml": "app: shop\ndeliver: [{formation: dev}]\n",
            "deploy/formations/dev.yaml": formation.replace("WORDS", words).replace("CODE", words),
            "deploy/stencils/all.yaml": (STENCILS + SERVICE).replace("WORDS", words).replace("ENV", environment),
        }
        run_id = await self.push_files(words, files)
        view = await self.until(lambda: self.server.views.run(run_id), lambda view: view.deployments)
        return await self.reached(view.deployments[0].id)

    def deployments(self) -> dict[str, int]:
        """Name and generation of each Deployment at the destination."""
        file = self.shop.data / "dummies" / "dev" / "here.json"
        objects = json.loads(file.read_text())["objects"].values()
        return {
            stored["manifest"]["metadata"]["name"]: stored["generation"]
            for stored in objects
            if stored["manifest"]["kind"] == "Deployment"
        }

    def jobs(self) -> list[str]:
        """Every Job that was ever made, in order."""
        journal = State(self.shop.data / "dummies" / "dev" / "here.json").read().journal
        made = [write.object for write in journal if write.verb == "create" and write.object.startswith("Job ")]
        return [name.rpartition("/")[2] for name in made]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A server that knows the shop."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    made = World(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def test_the_old_colour_stays_for_a_while_and_goes_by_itself(world: World) -> None:
    """It is there right after the verdict, deleted in its time, and no longer known to the inventory."""
    strategy = "blue_green: {keep_old_for: 5s}"
    await world.push("v1", strategy)
    second = await world.push("v2", strategy)
    assert second.verdict_kind == "deployed"
    assert set(world.deployments()) == {"web-blue", "web-green"}
    async with asyncio.timeout(120):
        while set(world.deployments()) != {"web-green"}:  # noqa: ASYNC110 - workflows tell nobody here
            await asyncio.sleep(0.05)
    formation = await world.server.store.formations.get("shop", "dev")
    async with asyncio.timeout(120):
        while any(ref.name == "web-blue" for ref in formation.inventory):
            formation = await world.server.store.formations.get("shop", "dev")
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("passes", [True, False])
async def test_a_switch_may_wait_for_a_person(world: World, *, passes: bool) -> None:
    """Both colours are there until somebody has said so; a no takes the new one away and the old one is untouched."""
    strategy = "blue_green: {keep_old_for: 0s, promote: manual}"
    await world.push("v1", strategy)
    before = world.deployments()
    pushing = asyncio.create_task(world.push("v2", strategy))
    words = world.server.store.gates
    async with asyncio.timeout(120):
        while len(world.deployments()) < 2:  # noqa: ASYNC110 - workflows tell nobody here
            await asyncio.sleep(0.02)
        waiting = (await world.server.store.deployments.history("shop", "dev"))[0]
        while not (asked := await words.of(waiting.id)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not pushing.done()
    assert [question.gate for question in asked] == ["switch"]
    async with asyncio.timeout(120):
        while "a person's word on gate switch" not in (waiting.waiting_for or ""):
            waiting = await world.server.store.deployments.get(waiting.id)
            await asyncio.sleep(0.02)
    at = asked[0].asked
    await words.say(waiting.id, "switch", passes=passes, by="ann", reason="seen it", at=at)
    ended = await pushing
    assert ended.verdict_kind == ("deployed" if passes else "rolled_back"), ended.reason
    assert world.deployments() == ({"web-green": 1} if passes else before)


async def test_going_back_within_that_time_changes_no_workload_and_keeps_the_other(world: World) -> None:
    """The switch back writes no Deployment, and the end that was queued for the former old colour does not come."""
    strategy = "blue_green: {keep_old_for: 10s}"
    await world.push("v1", strategy)
    second = await world.push("v2", strategy)
    both = world.deployments()
    await world.push("v1", strategy.replace("10s", "1h"))
    assert world.deployments() == both
    handle = await world.server.queueing.client.retrieve_workflow_async(f"{second.id}:retirement:{queues.VERSION}")
    async with asyncio.timeout(120):
        while (await handle.get_status()).status != "SUCCESS":  # noqa: ASYNC110 - workflows tell nobody here
            await asyncio.sleep(0.05)
    assert world.deployments() == both


@pytest.mark.parametrize(
    "strategy",
    ["canary: {steps: [{weight: 25}, {pause: 3s}]}", "blue_green: {keep_old_for: 0s, promote: manual}"],
    ids=["canary", "blue-green"],
)
async def test_what_ended_in_an_earlier_stage_is_not_forgotten_in_the_next(world: World, strategy: str) -> None:
    """It is back and ready at once each time; it ends in a pause, or while a person is waited for."""
    await world.push("v1", strategy)
    before = world.deployments()
    pushing = asyncio.create_task(world.push("v2", strategy, told="DUMMY_RUNS=2"))
    words = world.server.store.gates
    async with asyncio.timeout(120):
        while len(world.deployments()) < 2:  # noqa: ASYNC110 - workflows tell nobody here
            await asyncio.sleep(0.02)
        deployment = (await world.server.store.deployments.history("shop", "dev"))[0]
        if "manual" in strategy:
            while not (asked := await words.of(deployment.id)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await asyncio.sleep(2.2)  # which is longer than it runs
            await words.say(deployment.id, "switch", passes=True, by="ann", reason="seen it", at=asked[0].asked)
    ended = await pushing
    assert ended.verdict is not None
    assert (ended.verdict_kind, "with exit code 1" in ended.verdict.reason) == ("rolled_back", True), ended.verdict
    assert world.deployments() == before
    assert not (await world.server.store.steadiness.of(deployment.id)).falls


@pytest.mark.parametrize("strategy", ["patience: 1m", "canary: {steps: [{weight: 10}, {weight: 50}]}"])
async def test_work_that_ended_is_not_done_again(world: World, strategy: str) -> None:
    """Not when a person goes back to a revision whose Job was pruned, nor when a failure goes back to it."""
    await world.push("v1", strategy)
    await world.push("v2", strategy)
    dan = Actor(name="dan", groups=frozenset({"developers"}), via="token", deploys=EVERYTHING)
    back = await world.reached((await world.server.requests.rollback("shop", "dev", by=dan)).id)
    assert back.verdict_kind == "deployed", back.reason
    assert back.verdict is not None
    assert back.verdict.finished == ("Job/migrate-v1",)
    bad = await world.push("v3", strategy, told="DUMMY_EXIT_CODE=1")
    assert bad.verdict_kind == "rolled_back", bad.reason
    assert world.jobs() == ["migrate-v1", "migrate-v2", "migrate-v3"]
