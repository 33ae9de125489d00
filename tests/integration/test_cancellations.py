"""Calling runs and deployments off at every moment of their lives, on an engine and destination that pretend."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.access.model import Actor
from sealane.errors import Conflicting
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.scopes import EVERYTHING
from sealane.verdicts.model import VerdictKind
from tests.integration.inside import Inside
from tests.recovery.shop import FORMATION, SECRETS, STENCILS

EVE = Actor(name="eve", groups=frozenset({"developers"}), via="token", deploys=EVERYTHING)
PIPELINE = "app: shop\ndeliver: [{formation: devAPPROVAL}]\n"
NEVER = ', {name: DUMMY_NEVER_READY, value: "1"}'
PERSON = "blue_green: {keep_old_for: 0s, promote: manual}"
SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
HOOKS = "hooks: {before: [{name: migrate, stencil: migrate, reversible: {command: [back]}}]}\n"
MIGRATE = """---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: migrate, image: registry.example.com/shop:1, env: [{name: DUMMY_READY_AFTER, value: "2"}]}
"""
PAUSE = "canary: {steps: [{weight: 25}, {pause: 10m}]}"


class World(Inside):
    """A shop, its server and what is at its destination."""

    async def push(
        self,
        words: str,
        *,
        extra: str = "",
        approval: str = "",
        strategy: str = "patience: 10m, deadline: 1h",
        hooked: bool = False,
    ) -> Deployment:
        """Pushes a version and gives its deployment as soon as it is offered."""
        formation = FORMATION.replace("{healthy_for: 0s}", f"{{{strategy}, healthy_for: 0s}}")
        stencils = STENCILS + SERVICE + (MIGRATE if hooked else "")
        formation += HOOKS if hooked else ""
        files = {
            ".sealane.yml": PIPELINE.replace("APPROVAL", approval),
            "deploy/formations/dev.yaml": formation.replace("WORDS", words).replace("CODE", words),
            "deploy/stencils/all.yaml": stencils.replace("WORDS", words).replace("ENV", extra),
        }
        run_id = await self.push_files(words, files)
        view = await self.until(lambda: self.server.views.run(run_id), lambda view: view.deployments)
        return view.deployments[0]

    async def deployed(self, words: str, *, strategy: str = "patience: 10m, deadline: 1h") -> Deployment:
        """A version that is there."""
        done = await self.reached((await self.push(words, strategy=strategy)).id)
        assert done.verdict_kind is VerdictKind.DEPLOYED
        return done

    async def says(self, deployment: Deployment, words: str) -> None:
        """Waits until the deployment waits for something with these words in it."""
        get = self.server.store.deployments.get
        await self.until(
            lambda: get(deployment.id),
            lambda deployment_now: deployment_now.phase != "apply" and words in (deployment_now.waiting_for or ""),
        )

    async def called_off(self, deployment: Deployment) -> Deployment:
        """Calls it off, and gives it as it ends."""
        await self.server.requests.cancel(deployment.id, by=EVE)
        return await self.reached(deployment.id)

    def codes(self) -> set[str]:
        """Which versions are at the destination."""
        objects = json.loads((self.shop.data / "dummies" / "dev" / "here.json").read_text())["objects"].values()
        pods = [
            stored["manifest"]["spec"]["template"]["spec"]
            for stored in objects
            if stored["manifest"]["kind"] == "Deployment"
        ]
        return {
            variable["value"] for pod in pods for variable in pod["containers"][0]["env"] if variable["name"] == "CODE"
        }


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A server that knows the shop."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    made = World(tmp_path)
    async with made.knowing_the_shop():
        yield made


@pytest.mark.parametrize(
    ("strategy", "extra", "waits"),
    [
        ("patience: 10m, deadline: 1h", NEVER, "web"),
        (PERSON, "", "a person's word on gate switch"),
        (PAUSE, "", "the next step comes at"),
    ],
)
async def test_a_rollout_that_is_called_off_goes_back(world: World, strategy: str, extra: str, waits: str) -> None:
    """While it is watched, while a person is asked and in a pause: what was there serves, and a hold says why."""
    await world.deployed("v1", strategy=strategy)
    second = await world.push("v2", extra=extra, strategy=strategy)
    await world.says(second, waits)

    done = await world.called_off(second)

    assert done.verdict is not None
    assert (done.verdict.kind, done.cancelled_by) == (VerdictKind.ROLLED_BACK, "eve")
    assert done.verdict.reason.startswith("Called off by eve.")
    assert world.codes() == {"v1"}
    holds = (await world.server.views.overview())[0].hold
    assert holds is not None
    assert holds.reason.startswith("Called off by eve")
    lines = (await world.server.views.deployment(second.id)).timeline
    assert "eve calls it off" in [line.text for line in lines]
    with pytest.raises(Conflicting, match="has ended: rolled back"):
        await world.server.requests.cancel(second.id, by=EVE)


async def test_what_is_called_off_while_a_hook_runs_writes_nothing_and_takes_the_hook_back(world: World) -> None:
    """The hook is not cut off; what was there is never touched, and no hold is put."""
    await world.deployed("v1")
    second = await world.push("v2", hooked=True)
    get = world.server.store.deployments.get
    await world.until(lambda: get(second.id), lambda deployment: deployment.phase == "hooks")

    done = await world.called_off(second)

    assert done.verdict is not None
    assert (done.verdict.kind, done.verdict.untouched) == (VerdictKind.CANCELLED, True)
    assert done.verdict.reason == "Called off by eve."
    assert world.codes() == {"v1"}
    row = (await world.server.views.overview())[0]
    assert (row.hold, row.current) == (None, row.verified)
    assert row.current is not None
    assert row.current.sequence == 1
    told = [line.text for line in (await world.server.views.deployment(second.id)).timeline]
    assert any("hook migrate" in text and "undone" in text for text in told), told


async def test_a_first_rollout_that_is_called_off_is_left_as_it_is(world: World) -> None:
    """There is nothing to go back to, and it says so."""
    first = await world.push("v1", extra=NEVER)
    await world.says(first, "web")

    done = await world.called_off(first)

    assert done.verdict is not None
    assert done.verdict.kind is VerdictKind.FAILED
    assert "It was left as it is: nothing was verified here before" in done.verdict.reason


async def test_what_waits_for_people_or_its_turn_ends_at_once(world: World) -> None:
    """Approval and queue; what is there, and what goes on, is not touched, and no hold is put."""
    await world.deployed("v1")
    asks = await world.push("v2", approval=", approval: {by: sre}")
    ended = await world.called_off(asks)
    assert ended.verdict is not None
    assert (ended.verdict.kind, ended.verdict.reason) == (VerdictKind.CANCELLED, "Called off by eve.")

    going = await world.push("v3", extra=NEVER)
    await world.says(going, "web")
    behind = await world.server.requests.rollback("shop", "dev", to="1", by=EVE)
    await world.reached(behind.id, state=DeploymentState.QUEUED)
    assert (await world.called_off(behind)).verdict_kind is VerdictKind.CANCELLED
    assert (await world.server.store.deployments.get(going.id)).state is DeploymentState.ROLLING_OUT
    await world.server.requests.cancel(going.id, by=EVE)
    with pytest.raises(Conflicting, match="eve called d-"):
        await world.server.requests.cancel(going.id, by=replace(EVE, name="bob"))
    assert (await world.reached(going.id)).verdict_kind is VerdictKind.ROLLED_BACK
    assert world.codes() == {"v1"}


async def test_a_deployment_that_ended_goes_out_again(world: World) -> None:
    """The same revision, as a deployment of its own."""
    first = await world.deployed("v1")
    again = await world.server.requests.deploy("shop", "dev", revision=first.revision_id, by=EVE)

    done = await world.reached(again.id)

    assert (done.kind, done.verdict_kind) == (DeploymentKind.MANUAL, VerdictKind.DEPLOYED)
    assert (done.revision_id, done.cancelled_by) == (first.revision_id, None)


async def test_a_run_that_has_not_begun_ends_when_it_is_cancelled(world: World) -> None:
    """Nobody has to begin it for that, and whoever does finds that it is over."""
    await world.deployed("v1")
    event = (await world.server.views.runs())[0].event
    receipt = await world.server.store.events.receive(event, source="test", requested_by="eve")  # stored, not queued
    await world.server.requests.cancel_run(receipt.run_id, by=EVE)

    ended = await world.server.store.runs.get(receipt.run_id)
    assert (ended.status, ended.reason, ended.started) == (RunStatus.CANCELLED, "eve cancelled it", None)
    await world.server.queueing.delivery(receipt.run_id)
    later = (await world.push("v2")).id
    await world.reached(later)
    again = await world.server.views.run(receipt.run_id)
    assert (again.run.status, again.run.started, again.steps) == (RunStatus.CANCELLED, None, ())
