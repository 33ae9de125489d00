"""What every destination promises, where an environment of Elastic Beanstalk has it; and a kill at every step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane import errors
from sealane.deployments import drift_check
from sealane.destinations import model
from sealane.destinations.model import Action, Reason
from sealane.verdicts.model import VerdictKind
from tests import crashing
from tests.aws import timelines
from tests.aws.world import World
from tests.contracts.beanstalk_stories import Amazon, Teller, amazon

_BOUNDARIES = 3
"""Of a step: before it, after it, and once what came of it is kept."""


@pytest.fixture(scope="module")
def aws() -> Iterator[Amazon]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with amazon() as aws:
            yield aws


@pytest.fixture
def teller(aws: Amazon) -> Iterator[Teller]:
    with aws.telling(fresh()) as teller:
        yield teller


def fresh() -> World:
    world = World()
    world.environment("shop-prod", "shop", "v1")
    world.version("shop", "v2")
    return world


def identity(sequence: int = 1, **more: Any) -> model.Identity:
    given = {"app": "shop", "formation": "prod", "namespace": "shop", "revision": "r1"} | more
    return model.Identity(sequence=sequence, **given)


async def test_applying_again_writes_nothing(teller: Teller) -> None:
    """Neither while it is under way nor afterwards."""
    objects = [teller.manifest("v2")]
    first = await teller.destination.apply(objects, identity=identity(), fence=model.unfenced, adopt=True)
    again = await teller.destination.apply(objects, identity=identity(), fence=model.unfenced)
    teller.world.clock.advance(500)
    later = await teller.destination.apply(objects, identity=identity(2), fence=model.unfenced)
    assert [len(applied.changed) for applied in (first, again, later)] == [1, 0, 0]
    assert first.inventory == again.inventory == later.inventory
    assert first.inventory[0].uid == "e-abcdefgh"
    assert teller.world.writes() == ["UpdateEnvironment"]


async def test_nothing_is_written_after_a_take_over(teller: Teller) -> None:
    """At whichever write the fence falls."""
    for passes in range(2):
        left = [passes]

        async def fence(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise errors.Fenced("another worker took over")

        with pytest.raises(errors.Fenced):
            await teller.destination.apply([teller.manifest("v2")], identity=identity(), fence=fence, adopt=True)
    assert teller.world.writes() == []


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


async def test_an_environment_is_one_formations(teller: Teller) -> None:
    """Nobody's is taken with a person's word only, another formation's never, and none twice."""
    destination, objects = teller.destination, [teller.manifest("v2")]
    (stranger,) = await destination.diff(objects, identity=identity())
    assert stranger.refusal is not None
    await destination.apply(objects, identity=identity(), fence=model.unfenced, adopt=True)
    (other,) = await destination.diff(objects, identity=identity(formation="other"), adopt=True)
    assert other.refusal is not None
    assert "shop/prod" in other.refusal.message
    twice = await destination.diff([*objects, *objects], identity=identity())
    assert [change.refusal is None for change in twice] == [True, False]


async def test_drift_is_what_others_deployed_there(teller: Teller) -> None:
    await teller.deploy(teller.manifest("v2"))
    goal = teller.target(teller.manifest("v2"), sequence=0)
    assert await drift_check.look(teller.destination, goal) == ()
    teller.world.update("shop-prod", label="v1")
    teller.world.clock.advance(200)
    (drift,) = await drift_check.look(teller.destination, goal)
    assert [(field.path, field.before, field.after, field.manager) for field in drift.fields] == [
        ("spec.VersionLabel", "v1", "v2", "another deployment")
    ]


async def test_pruning_terminates_nothing(teller: Teller) -> None:
    refs = await teller.destination.refs([teller.manifest("v1")], namespace="shop")
    pruned = await teller.destination.prune(
        refs, (), identity=identity(), fence=model.unfenced, budget=model.Budget(confirmed=True)
    )
    assert (pruned.deleted, pruned.inventory) == ((), refs)
    assert "never terminates" in pruned.held[0].reason


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


async def test_a_ledger_is_written_only_over_what_was_read(teller: Teller) -> None:
    destination = teller.destination

    async def write(ledger: model.Ledger) -> model.Ledger:
        return await destination.write_ledger(ledger, "shop", "prod", namespace="shop", fence=model.unfenced)

    empty = await destination.read_ledger("shop", "prod", namespace="shop")
    kept = await write(replace(empty, entries={"one": "1"}))
    with pytest.raises(errors.Conflicting):
        await write(replace(empty, entries={"two": "2"}))
    await write(replace(kept, entries={"two": "2"}))
    assert (await destination.read_ledger("shop", "prod", namespace="shop")).entries == {"two": "2"}
    assert await destination.ledgers("shop", "prod", among=()) == ("shop",)


async def test_who_writes_is_told(teller: Teller) -> None:
    refs = await teller.destination.refs([teller.manifest("v1")], namespace="shop")
    written = teller.destination.written(refs)
    await anext(written)
    teller.world.update("shop-prod", label="v2")
    await asyncio.wait_for(anext(written), 60)
    await written.aclose()  # type: ignore[attr-defined]


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
    at = 2 - _BOUNDARIES
    while True:
        at += _BOUNDARIES
        world = fresh()
        world.scripts["shop-prod"] = [timeline]
        with aws.telling(world, hurry=10) as teller:
            plan = await teller.plan(teller.manifest("v2"), back=teller.manifest("v1"))

            async def story(journal: crashing.Crashing, teller: Teller = teller, plan: Any = plan) -> Any:
                return await teller.deploy({}, plan=plan, journal=journal)

            ended = await crashing.told(story, at=at)
        if ended is None:
            break
        assert (ended.verdict.kind, world.writes()) == (verdict, ["UpdateEnvironment"] * writes), f"killed at {at}"
    assert at > 3


async def test_a_rollout_that_is_called_off_is_aborted_and_rolled_back(teller: Teller) -> None:
    """The way back makes way for itself: what this deployment has under way is aborted, then the version before follows."""
    teller.world.scripts["shop-prod"] = [timelines.rolling]
    plan = await teller.plan(teller.manifest("v2"), back=teller.manifest("v1"))
    assert plan.previous is not None
    await teller.destination.apply(
        [teller.manifest("v2")], identity=plan.goal.identity, fence=model.unfenced, adopt=True
    )
    teller.world.clock.advance(160)
    await teller.destination.apply([teller.manifest("v1")], identity=plan.previous.identity, fence=model.unfenced)
    assert teller.world.writes() == ["UpdateEnvironment", "AbortEnvironmentUpdate", "UpdateEnvironment"]
    teller.world.clock.advance(timedelta(minutes=5).total_seconds())
    (change,) = await teller.destination.diff([teller.manifest("v1")], identity=identity(0))
    assert change.action is Action.NONE
    assert {instance.label for instance in teller.world.environments["shop-prod"].instances} == {"v1"}
