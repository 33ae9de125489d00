"""Freeze windows, broken glass, and several formations together, on an engine and destinations that pretend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sealane.access.model import Actor
from sealane.deployments.drift_check import DriftKind
from sealane.destinations.dummy.state import State
from sealane.errors import Conflicting, Refused, UsageError
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.scopes import EVERYTHING
from sealane.verdicts.model import VerdictKind
from sealane.workflows.operations import Given
from tests.integration.test_workflows import BAD, BOB, DEV, ENVIRONMENT, FORMATION, STENCIL, World
from tests.recovery.shop import pushed

EVE = Actor(name="eve", groups=frozenset({"oncall", "developers"}), via="token", deploys=EVERYTHING)
SHUT = """windows:
  deny: [{cron: "* * * * *", duration: 1h, reason: the freeze}]
  break_glass: [oncall]
"""
MEMBERS = ("eu", "us", "asia")


class Fleet(World):
    """A shop in three places of the world."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for name in MEMBERS:
            self.environment(name)

    def environment(self, name: str, more: str = "") -> None:
        """Writes an operators' file."""
        file = self.shop.data / "config" / "environments" / f"{name}.yaml"
        file.write_text(ENVIRONMENT.replace("NAME", name) + more)

    async def send(self, words: str, deliver: str, bad: str = "") -> str:
        """Pushes a version that is delivered so, and is bad in one place; gives its run."""
        files = {
            ".sealane.yml": f"app: shop\ndeliver:\n{deliver}",
            "deploy/stencils/good.yaml": STENCIL.replace("EXTRA", ""),
            "deploy/stencils/bad.yaml": STENCIL.replace("EXTRA", BAD),
        }
        for name in MEMBERS:
            text = FORMATION.replace("NAME", name).replace("WORDS", words)
            left_out = "good" if name == bad else "bad"
            files[f"deploy/formations/{name}.yaml"] = f"{text}stencils: {{exclude: [{left_out}*]}}\n"
        commit = self.shop.commit_files(words, files)
        self.shop.push()
        receipt = await self.server.intake.receive(pushed(commit, before=self.before))
        self.before = commit
        return receipt.run_id

    def words(self, name: str) -> str:
        """What is there now."""
        there = State(self.shop.data / "dummies" / name / "here.json").read().objects.values()
        web = next(stored.manifest for stored in there if stored.manifest["kind"] == "Deployment")
        value: str = web["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]
        return value

    async def settled(self, run_id: str) -> str:
        """What came of the run's release group."""
        await self.ended(run_id)
        async with asyncio.timeout(30):
            while await self.server.store.release_groups.unsettled("shop"):  # noqa: ASYNC110 - workflows tell nobody here
                await asyncio.sleep(0.02)
        view = await self.server.views.run(run_id)
        member = next(deployment for deployment in view.deployments if deployment.release_group_id)
        (release_group,) = (await self.server.views.deployment(member.id)).groups
        assert release_group.outcome is not None
        return release_group.outcome

    async def backs(self, run_id: str) -> list[Deployment]:
        """The deployments that took members back, in the order in which they were."""
        deployments = (await self.server.views.run(run_id)).deployments
        backs = [deployment for deployment in deployments if deployment.kind is DeploymentKind.ROLLBACK]
        return sorted(backs, key=lambda deployment: deployment.started or deployment.created)


@pytest.fixture
async def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    """A server that knows the shop."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    made = Fleet(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def test_what_waits_for_a_window_goes_by_itself_when_it_opens(fleet: Fleet) -> None:
    """Nobody pushes and nobody clicks; going back is free of windows meanwhile."""
    await fleet.deployment("eu", await fleet.send("v0", "  - eu\n"))
    await fleet.deployment("eu", await fleet.send("v1", "  - eu\n"))
    fleet.environment("eu", SHUT)
    asked = await fleet.deployment("eu", await fleet.send("v2", "  - eu\n"), state=DeploymentState.WAITING)
    why = await fleet.server.views.why(asked.id)
    (forecast,) = (await fleet.server.views.run(asked.run_id or "")).findings

    assert forecast.message == "the window of eu is shut: the freeze; the deployment will wait"
    assert why.sentence == "shop #3 to eu waits for the window of eu to open: the freeze"
    back = await fleet.reached((await fleet.server.requests.rollback("shop", "eu", by=DEV)).id)
    assert (back.verdict_kind, fleet.words("eu")) == (VerdictKind.DEPLOYED, "v0")
    assert (await fleet.server.store.deployments.get(asked.id)).state is DeploymentState.WAITING, "it is newer"

    newer = await fleet.deployment("eu", await fleet.send("v3", "  - eu\n"), state=DeploymentState.WAITING)
    fleet.environment("eu")
    assert (await fleet.reached(newer.id)).verdict_kind is VerdictKind.DEPLOYED
    assert fleet.words("eu") == "v3"
    assert (await fleet.reached(asked.id)).verdict_kind in {VerdictKind.DEPLOYED, VerdictKind.SUPERSEDED}


async def test_a_file_that_can_not_be_read_keeps_everything_waiting_and_says_so(fleet: Fleet) -> None:
    """Shut, loudly: a slip of the operators opens nothing."""
    fleet.environment("eu", SHUT)
    asked = await fleet.deployment("eu", await fleet.send("v1", "  - eu\n"), state=DeploymentState.WAITING)
    fleet.environment("eu", "windows: {denny: []}\n")

    why = await fleet.server.views.why(asked.id)

    assert "the operators' files can't be read" in why.sentence
    assert "eu.yaml" in why.sentence
    await asyncio.sleep(0.5)
    assert (await fleet.server.store.deployments.get(asked.id)).state is DeploymentState.WAITING


async def test_people_of_the_named_group_break_the_glass_with_a_reason(fleet: Fleet) -> None:
    """Others may not; approvals stay as they are; who and why stands with the deployment."""
    fleet.environment("eu", SHUT)
    deliver = "  - {formation: eu, approval: {by: sre}}\n"
    asked = await fleet.deployment("eu", await fleet.send("v1", deliver), state=DeploymentState.WAITING)
    glass = fleet.server.glass

    with pytest.raises(Refused, match="bob is in none of the groups that may: oncall"):
        await glass.break_it(asked.id, by=BOB, reason="please")
    with pytest.raises(UsageError, match="with a reason"):
        await glass.break_it(asked.id, by=EVE, reason=" ")
    broken = await glass.break_it(asked.id, by=EVE, reason="INC-4711")
    with pytest.raises(Conflicting, match="eve has broken the glass for it: INC-4711"):
        await glass.break_it(asked.id, by=EVE, reason="INC-4711")

    assert broken.state is DeploymentState.WAITING
    assert (await fleet.server.views.why(asked.id)).sentence == "shop #1 to eu waits for the approval of 1 more of sre"
    await fleet.server.approvals.approve(asked.id, by=BOB)
    done = await fleet.reached(asked.id)
    assert done.verdict_kind is VerdictKind.DEPLOYED
    assert done.glass is not None
    assert (done.glass.by, done.glass.reason) == ("eve", "INC-4711")


async def test_a_release_is_sent_by_hand_through_a_broken_glass(fleet: Fleet) -> None:
    """Without it, it waits."""
    await fleet.deployment("eu", await fleet.send("v1", "  - eu\n"))
    fleet.environment("eu", SHUT)

    with pytest.raises(Refused, match="dan is in none of the groups that may"):
        await fleet.server.requests.deploy("shop", "eu", given=Given(break_glass="now"), by=DEV)
    waits = await fleet.server.requests.deploy("shop", "eu", by=EVE)
    sent = await fleet.server.requests.deploy("shop", "eu", given=Given(break_glass="INC-1"), by=EVE)

    assert waits.state is DeploymentState.WAITING
    assert (await fleet.reached(sent.id)).verdict_kind is VerdictKind.DEPLOYED


TOGETHER = "  - formations: [eu, us, asia]\n"


async def test_members_move_in_order_and_go_back_in_reverse_when_a_later_one_fails(fleet: Fleet) -> None:
    """Each by a deployment of its own, with its verdict and the reason; the release is held everywhere."""
    first = await fleet.send("v1", TOGETHER)
    assert await fleet.settled(first) == "all of it is where it was meant to be"
    moved = sorted((await fleet.server.views.run(first)).deployments, key=lambda deployment: deployment.sequence)
    assert [deployment.verdict_kind for deployment in moved] == [VerdictKind.DEPLOYED] * 3

    second = await fleet.send("v2", TOGETHER, bad="asia")
    outcome = await fleet.settled(second)

    assert outcome.startswith("shop/asia rolled back: ")
    assert outcome.endswith("; us rolled back; eu rolled back")
    assert [fleet.words(name) for name in MEMBERS] == ["v1"] * 3
    backs = await fleet.backs(second)
    assert [deployment.formation for deployment in backs] == ["us", "eu"]
    assert backs[0].ended is not None
    assert backs[1].started is not None
    assert backs[0].ended <= backs[1].started
    assert {deployment.verdict_kind for deployment in backs} == {VerdictKind.DEPLOYED}
    assert all(
        deployment.note and deployment.note.startswith("rolled back with shop/asia rolled back: ")
        for deployment in backs
    )
    held = {hold.formation: hold.up_to for hold in await fleet.server.store.holds.open("shop")}
    assert held == {"eu": 2, "us": 2, "asia": 2}

    third = await fleet.send("v3", TOGETHER)
    assert await fleet.settled(third) == "all of it is where it was meant to be"
    assert [fleet.words(name) for name in MEMBERS] == ["v3"] * 3
    assert await fleet.server.store.holds.open("shop") == ()


async def test_a_member_that_is_to_be_kept_stays_and_so_does_one_that_was_new(fleet: Fleet) -> None:
    """The outcome says which and why."""
    await fleet.deployment("eu", await fleet.send("v1", "  - eu\n"))

    run = await fleet.send("v2", "  - formations: [{formation: eu, keep: true}, us, asia]\n", bad="asia")
    outcome = await fleet.settled(run)

    assert outcome.endswith("; us stays: nothing was verified there before; eu stays: it is to be kept")
    assert (fleet.words("eu"), fleet.words("us")) == ("v2", "v2")
    assert await fleet.backs(run) == []


async def test_members_side_by_side_do_not_wait_for_each_other(fleet: Fleet) -> None:
    """All come to their verdicts, then those that moved go back."""
    together = "  - {formations: [eu, us, asia], parallel: true}\n"
    await fleet.settled(await fleet.send("v1", together))

    run = await fleet.send("v2", together, bad="eu")
    outcome = await fleet.settled(run)

    assert outcome.startswith("shop/eu rolled back")
    assert [fleet.words(name) for name in MEMBERS] == ["v1"] * 3
    members = [
        deployment for deployment in (await fleet.server.views.run(run)).deployments if deployment.release_group_id
    ]
    assert [deployment.after for deployment in members] == [(), (), ()]


async def test_nothing_moves_before_every_member_may(fleet: Fleet) -> None:
    """The first one waits for the window of the last, and a no to the one ends all."""
    fleet.environment("asia", SHUT)
    run = await fleet.send("v1", "  - {formations: [eu, asia], approval: {by: sre}}\n")
    await fleet.ended(run)
    eu, asia = (await fleet.server.views.run(run)).deployments
    await fleet.server.approvals.approve(eu.id, by=BOB)

    why = await fleet.server.views.why(eu.id)
    assert [condition.what for condition in why.waiting] == [
        "the approval of 1 more of sre (for asia, which goes with it)",
        "the window of asia to open: the freeze (for asia, which goes with it)",
    ]
    await fleet.server.approvals.reject(asia.id, by=BOB, comment="not today")

    ended = await fleet.reached(eu.id)
    assert ended.verdict is not None
    assert ended.verdict.kind is VerdictKind.CANCELLED
    assert ended.verdict.reason == "what it goes with does not: shop/asia cancelled: bob rejected it: not today"
    assert "shop/asia cancelled" in await fleet.settled(run)


async def test_what_lost_its_labels_is_adopted_only_by_a_persons_word(fleet: Fleet) -> None:
    """It shows as drift, is refused without the word, and is ours again with it."""
    await fleet.deployment("eu", await fleet.send("v1", "  - eu\n"))
    with State(fleet.shop.data / "dummies" / "eu" / "here.json").write() as content:
        web = next(stored.manifest for stored in content.objects.values() if stored.manifest["kind"] == "Deployment")
        del web["metadata"]["labels"]

    (drift,) = (await fleet.server.looking.drift("shop", "eu")).objects
    assert (drift.object, drift.kind) == ("Deployment/web", DriftKind.TAKEN)
    refused = await fleet.reached((await fleet.server.requests.deploy("shop", "eu", by=DEV)).id)
    assert refused.verdict is not None
    assert refused.verdict.kind is VerdictKind.FAILED
    assert "it is already there and isn't Sealane's" in refused.verdict.reason
    await fleet.server.requests.lift_hold("shop", "eu", by=DEV, reason="it is the same release")
    adopted = await fleet.server.requests.deploy("shop", "eu", given=Given(adopt=True), by=DEV)

    assert (await fleet.reached(adopted.id)).verdict_kind is VerdictKind.DEPLOYED
    assert (await fleet.server.looking.drift("shop", "eu")).objects == ()
