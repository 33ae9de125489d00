"""What every destination promises, where an environment of Elastic Beanstalk has it; and a kill at every step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sealane.deployments import apply_phase
from sealane.destinations import model
from sealane.destinations.model import Action, Reason
from sealane.verdicts.model import VerdictKind
from tests import crashing
from tests.aws import timelines
from tests.aws.faults import Fault
from tests.aws.virtual_clock import BEGAN
from tests.aws.world import World
from tests.contracts.aws_contract import AccountContract, identity
from tests.contracts.aws_stories import Amazon, Manifest
from tests.contracts.beanstalk_stories import Teller, telling


@pytest.fixture
def teller(aws: Amazon) -> Iterator[Teller]:
    with telling(aws, fresh()) as teller:
        yield teller


class TestEnvironments(AccountContract):
    """Environments promise what every destination in an account does."""

    writes = ("UpdateEnvironment",)
    fences = 2
    version_field = "spec.VersionLabel"

    def objects(self, version: str) -> list[Manifest]:
        spec = {"ApplicationName": "shop", "VersionLabel": version}
        return [
            {
                "apiVersion": "elasticbeanstalk.amazonaws.com/v1",
                "kind": "Environment",
                "metadata": {"name": "shop-prod"},
                "spec": spec,
            }
        ]

    def others(self, teller: Teller) -> None:
        teller.world.update("shop-prod", label="v1")


def fresh() -> World:
    world = World()
    world.environment("shop-prod", "shop", "v1")
    world.version("shop", "v2")
    return world


@pytest.mark.parametrize(
    ("given", "reason", "words"),
    [
        ({"name": "nowhere"}, Reason.INVALID, "there is no environment nowhere in application shop"),
        ({"CNAMEPrefix": "nobody"}, Reason.INVALID, "has the name nobody"),
    ],
)
async def test_what_it_will_not_have_is_a_value(
    teller: Teller, given: dict[str, Any], reason: Reason, words: str
) -> None:
    objects = [teller.manifest("v2", **given)]
    applied = await teller.destination.apply(objects, identity=identity(), fence=model.unfenced, adopt=True)
    (refusal,) = applied.refusals
    assert (refusal.reason, words in refusal.message) == (reason, True)
    assert teller.world.writes() == []


async def test_reading_shows_no_variables(teller: Teller) -> None:
    teller.world.environments["shop-prod"].settings = {
        ("aws:elasticbeanstalk:application:environment", "PASSWORD"): "hunter2"
    }
    refs = await teller.destination.refs([teller.manifest("v1")], namespace="shop")
    (found,) = await teller.destination.read(refs)
    assert found["spec"]["VersionLabel"] == "v1"
    assert "hunter2" not in str(found)
    assert (await teller.destination.observed("shop")).version == "v1"


async def test_old_samples_of_logs_are_left_out(teller: Teller) -> None:
    refs = await teller.destination.refs([teller.manifest("v1")], namespace="shop")

    async def lines(**more: Any) -> list[str]:
        tail = teller.destination.tail(refs, namespace="shop", container=None, lines=10, follow=False, **more)
        return [line async for line in tail]

    teller.world.log_text = "long ago"
    await lines()
    teller.world.log_text = "now"
    assert await lines() == ["i-a/shop-prod  now", "i-b/shop-prod  now"]
    assert await lines(instance="i-b") == ["i-b/shop-prod  now"]


@pytest.mark.parametrize(
    ("timeline", "verdict", "writes"),
    [
        (timelines.batch_2_fails, VerdictKind.ROLLED_BACK, 2),
        (timelines.immutable_fails, VerdictKind.ROLLED_BACK, 1),
    ],
)
async def test_a_kill_at_every_step_writes_nothing_twice(
    aws: Amazon, timeline: timelines.Timeline, verdict: VerdictKind, writes: int
) -> None:
    """What a step did is there, and nothing is kept of it: whoever takes over does it again."""
    at = 2 - crashing.BOUNDARIES
    while True:
        at += crashing.BOUNDARIES
        world = fresh()
        world.scripts["shop-prod"] = [timeline]
        with telling(aws, world, hurry=10) as teller:
            plan = await teller.plan(teller.manifest("v2"), back=teller.manifest("v1"))

            async def story(journal: crashing.Crashing, teller: Teller = teller, plan: Any = plan) -> Any:
                return await teller.deploy({}, plan=plan, journal=journal)

            ended = await crashing.told(story, at=at)
        if ended is None:
            break
        assert (ended.verdict.kind, world.writes()) == (verdict, ["UpdateEnvironment"] * writes), f"killed at {at}"
    assert at > 3


@pytest.mark.parametrize("seconds", [10, 160], ids=["no instance has it", "one instance has it"])
async def test_a_rollout_that_is_called_off_is_aborted_and_rolled_back(teller: Teller, seconds: float) -> None:
    """The way back makes way for itself: what this deployment has under way is aborted, then the version before follows.

    Also while the environment still has the old label: that says nothing of the update that goes on.
    """
    teller.world.scripts["shop-prod"] = [timelines.rolling]
    plan = await teller.plan(teller.manifest("v2"), back=teller.manifest("v1"))
    assert plan.previous is not None
    await teller.destination.apply(
        [teller.manifest("v2")], identity=plan.target.identity, fence=model.unfenced, adopt=True
    )
    teller.world.clock.advance(seconds)
    _, begun = await apply_phase.apply(
        teller.destination,
        plan.previous,
        fence=model.unfenced,
        waiting=apply_phase.WhileWaiting(now=teller.world.clock.now),
    )
    assert begun.inventory
    assert teller.world.writes()[:2] == ["UpdateEnvironment", "AbortEnvironmentUpdate"]
    teller.world.clock.advance(timedelta(minutes=5).total_seconds())
    (change,) = await teller.destination.diff([teller.manifest("v1")], identity=identity(0))
    assert change.action is Action.NONE
    assert {instance.label for instance in teller.world.environments["shop-prod"].instances} == {"v1"}


async def test_old_versions_are_deleted_that_nothing_needs(aws: Amazon) -> None:
    """The newest ones stay, what runs anywhere, what others made and what is processed; no failure matters."""
    world = fresh()
    for number in range(1, 12):
        world.version("shop", f"b{number}")
        made = world.versions["shop", f"b{number}"]
        made.words, made.created = "shop/prod 1", BEGAN + timedelta(minutes=number)
    world.versions["shop", "b3"].status = "PROCESSING"
    world.versions["shop", "b4"].words = "built by hand"
    world.environment("shop-staging", "shop", "v1")
    world.environments["shop-staging"].label = "b2"
    with telling(aws, world, keep=5) as teller:
        ended = await teller.deploy(teller.manifest("b1"))
        assert ended.verdict.kind is VerdictKind.DEPLOYED, ended.verdict.reason
        left = [label for _, label in world.versions if label.startswith("b")]
        assert left == ["b1", "b2", "b3", "b4", "b7", "b8", "b9", "b10", "b11"]
        assert {("shop", "v1"), ("shop", "v2")} <= set(world.versions)
        world.trouble.faults = [Fault(op="DeleteApplicationVersion", kind="access_denied", times=9)]
        world.versions["shop", "b3"].status = "PROCESSED"
        ended = await teller.deploy(teller.manifest("b11"))
    assert ended.verdict.kind is VerdictKind.DEPLOYED, ended.verdict.reason
    assert ("shop", "b3") in world.versions
