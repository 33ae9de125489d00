"""One release to four kinds of destinations: whichever fails, those before it go back, whoever dies at any boundary."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane.records.deployments import DeploymentState
from sealane.records.release_groups import GroupStage
from sealane.releases.deliveries import DeliveryOutcome
from sealane.verdicts.model import VerdictKind
from tests.aws import service_timelines, timelines
from tests.contracts.aws_stories import Amazon

from .four_kinds import KINDS, SAM, FourKinds, Journal, four_kinds

NETWORK, CLUSTER = "change Deployment shop/web 2", "change Deployment shop/web 3"
TASKS = ["RegisterTaskDefinition", "UpdateService"]
SHUT = 'windows: {deny: [{cron: "* * * * *", duration: 1h, reason: the holidays}]}'


def fails(shop: FourKinds, bad: str) -> None:
    """Version 2 fails there; where manifests don't say so, by what the account does."""
    shop.account.cluster.scripts["web"] = [service_timelines.crash_loop] if bad == "tasks" else []
    shop.account.scripts["shop-prod"] = [timelines.batch_2_fails] if bad == "web" else []


def changes(shop: FourKinds) -> tuple[list[str], list[str], list[str]]:
    """What was written of the app since version 1: the network, the cluster, the account."""
    network, cluster = (
        [f"{write.verb} {write.object} {write.generation}" for write in destination.journal()]
        for destination in (shop.network, shop.cluster)
    )
    return (
        [write for write in network if write.startswith("change")],
        [write for write in cluster if write.startswith("change")],
        shop.account.writes(),
    )


FORWARD = {
    "network": ("failed", "cancelled", "cancelled", "cancelled"),
    "cluster": ("deployed", "rolled_back", "cancelled", "cancelled"),
    "tasks": ("deployed", "deployed deployed", "rolled_back", "cancelled"),
    "web": ("deployed", "deployed deployed", "deployed deployed", "rolled_back"),
}
"""How each is, by which one fails, while the plan of the network's rollback waits for people."""
ACCOUNT_WRITES = {
    "network": [],
    "cluster": [],
    "tasks": [*TASKS, "StopServiceDeployment"],
    "web": [*TASKS, "UpdateEnvironment", "UpdateEnvironment", "UpdateService"],
}


@pytest.mark.parametrize("bad", KINDS)
async def test_whichever_fails_those_before_it_go_back_whoever_dies(tmp_path: Path, aws: Amazon, bad: str) -> None:
    """Everything is written once, and nothing where only plans are applied before people have seen the plan."""
    cluster = [] if bad == "network" else [NETWORK, CLUSTER]
    async with four_kinds(tmp_path, aws, Journal) as shop:
        fails(shop, bad)
        await shop.release(2, bad=bad)
        await shop.to_the_end()

        first, *others = FORWARD[bad]
        assert await shop.came() == dict(zip(KINDS, [f"{first} waiting", *others], strict=True))
        assert (await shop.report()).stage is GroupStage.ROLLING_BACK
        assert changes(shop) == ([NETWORK], cluster, ACCOUNT_WRITES[bad])
        assert shop.deaths >= 3 * (3 + KINDS.index(bad))

        (asked,) = await shop.server.views.approvals_waiting()
        assert asked.missing == ("1 more of approvers",)
        await shop.server.approvals.approve(asked.deployment.id, by=SAM)
        await shop.to_the_end()

        report = await shop.report()
        assert await shop.came() == dict(zip(KINDS, [f"{first} deployed", *others], strict=True))
        assert report.stage is GroupStage.ROLLED_BACK
        assert set((await shop.there()).values()) == {"1"}
        assert changes(shop) == ([NETWORK, CLUSTER], cluster, ACCOUNT_WRITES[bad])
        assert {hold.formation for hold in await shop.server.store.holds.open("shop")} == set(
            KINDS[: KINDS.index(bad) + 1]
        )


async def test_the_release_reaches_all_four_whoever_dies(tmp_path: Path, aws: Amazon) -> None:
    async with four_kinds(tmp_path, aws, Journal) as shop:
        await shop.release(2)
        await shop.to_the_end()
        assert set((await shop.came()).values()) == {"deployed"}
        assert (await shop.report()).stage is GroupStage.DEPLOYED
        assert set((await shop.there()).values()) == {"2"}
        assert changes(shop) == ([NETWORK], [NETWORK], [*TASKS, "UpdateEnvironment"])


async def test_side_by_side_the_last_to_arrive_is_the_first_to_leave(tmp_path: Path, aws: Amazon) -> None:
    """One that opted out stays where it is; the others' reports say the same story."""
    async with four_kinds(tmp_path, aws) as shop:
        fails(shop, "tasks")
        shop.slow = "tasks"
        await shop.release(2, parallel=True, kept=["web"])
        await shop.to_the_end()
        assert await shop.came() == {
            "network": "deployed waiting",
            "cluster": "deployed deployed",
            "tasks": "rolled_back",
            "web": "deployed kept",
        }
        why = {name: (await shop.server.views.why(f"shop/{name}")).groups for name in KINDS}
        assert len(set(why.values())) == 1
        (asked,) = await shop.server.views.approvals_waiting()
        await shop.server.approvals.reject(asked.deployment.id, by=SAM, comment="we keep it")
        await shop.to_the_end()
        report = await shop.report()
        assert report.stage is GroupStage.PARTLY
        assert report.outcome
        assert report.outcome.endswith("cluster rolled back; network did not get back; web stays: it is to be kept")
        back = report.members[0].back
        assert back
        assert (back.state, back.says) == (DeliveryOutcome.CANCELLED, "sam rejected it: we keep it")


async def test_a_window_or_a_hold_of_one_kind_holds_them_all(tmp_path: Path, aws: Amazon) -> None:
    """Nothing moves until it is gone; then all of it does."""
    async with four_kinds(tmp_path, aws) as shop:
        shop.environment("tasks", more=SHUT)
        *_, web = await shop.release(2)
        await shop.hold(web)
        await shop.to_the_end()
        assert set((await shop.came()).values()) == {"waiting"}
        waits = [condition.what for condition in (await shop.server.views.why("shop/cluster")).waiting]
        assert "the window of tasks to open: the holidays (for tasks, which goes with it)" in waits
        assert "a hold on shop #2 and older at shop/web: it was slow" in waits
        shop.environment("tasks")
        await shop.to_the_end()
        assert set((await shop.came()).values()) == {"waiting"}
        await shop.server.requests.lift_hold("shop", "web", by=SAM, reason="it is good")
        await shop.to_the_end()
        assert set((await shop.came()).values()) == {"deployed"}


@pytest.mark.parametrize("words", ["not empty", "empty", "refused"])
async def test_a_plan_of_the_way_back_is_seen_unless_it_changes_nothing(
    tmp_path: Path, aws: Amazon, words: str
) -> None:
    """It may delete what the newer version made: people see that. One that can't be made is told, and keeps no other."""
    async with four_kinds(tmp_path, aws) as shop:
        fails(shop, "tasks")
        (network, *_) = await shop.release(2)
        shop.planner.changes = words != "empty"
        await shop.first_ends(network.id)
        shop.environment("network", wants=", approvals: {by: [sre]}")
        shop.planner.refuses = "there is no such provider" if words == "refused" else ""
        shop.planner.deletes.clear()
        await shop.to_the_end()
        report = await shop.report()
        back = report.members[0].back
        assert back
        stored = await shop.server.store.deployments.get(back.deployment)
        assert shop.planner.deletes == [None]
        assert report.members[1].back
        assert report.members[1].back.state is DeliveryOutcome.DEPLOYED
        if words == "not empty":
            assert [rule.by for rule in stored.rules] == [("sre",)]
            assert stored.state is DeploymentState.WAITING
            assert stored.note
            assert stored.note.startswith("rolled back with shop/tasks rolled back")
        elif words == "empty":
            assert (stored.rules, stored.verdict_kind) == ((), VerdictKind.DEPLOYED)
            assert report.stage is GroupStage.ROLLED_BACK
        else:
            assert stored.verdict_kind is VerdictKind.FAILED
            assert "there is no such provider" in back.says
            assert report.stage is GroupStage.PARTLY


async def test_a_member_that_was_scaled_meanwhile_goes_back_with_the_others(tmp_path: Path, aws: Amazon) -> None:
    """It is the same release with another number of instances: nothing newer."""
    async with four_kinds(tmp_path, aws) as shop:
        fails(shop, "tasks")
        _, cluster, *_ = await shop.release(2, kept=["network"])
        await shop.first_ends(cluster.id)
        scaled = await shop.server.requests.scale("shop", "cluster", "web", 3, by=SAM)
        await shop.first_ends(scaled.id)
        await shop.to_the_end()
        assert (await shop.came())["cluster"] == "deployed deployed"
        assert (await shop.there())["cluster"] == "1"
