"""What was there before a deployment survives whatever becomes of it, by the story that a command line tells."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sealane import clock
from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.destinations.dummy import apply_plan
from sealane.destinations.dummy import state as states
from sealane.destinations.dummy.destination import DummyDestination
from sealane.formations.strategy import BlueGreen, CanaryStep
from sealane.stencils.model import Revision
from tests.unit.deployments import parts

STRATEGIES: dict[str, dict[str, Any]] = {
    "rolling": {},
    "blue-green": {"kind": "blue_green", "blue_green": BlueGreen()},
    "canary": {"kind": "canary", "steps": (CanaryStep(weight=20),)},
}
TAKE = deploy_request.Overrides(adopt=True)


@pytest.fixture
def state() -> states.State:
    return states.State()


@pytest.fixture
def destination(state: states.State) -> DummyDestination:
    return DummyDestination(state)


def by_hand(state: states.State, *objects: Any) -> None:
    """Somebody makes them without Sealane."""
    with state.write() as content:
        for manifest in objects:
            text = apply_plan.text(apply_plan.ref_in(manifest, "shop"))
            content.objects[text] = apply_plan.stored(content, None, manifest, clock.now())


def content(state: states.State, manifest: Any) -> Any:
    """All of an object that is there."""
    stored = state.read().objects.get(apply_plan.text(apply_plan.ref_in(manifest, "shop")))
    return stored and stored.manifest


async def deploy(destination: DummyDestination, revision: Revision, **wish: Any) -> deploy_request.DeployOutcome:
    given = {"values": {}, **wish}
    return await deployment.deploy(
        deploy_request.DeployRequest(revision=revision, **given), destination, rollout_lines.Json()
    )


async def inventory(destination: DummyDestination) -> set[str]:
    return parts.names((await destination.read_ledger("shop", "dev", namespace="shop")).inventory)


@pytest.mark.parametrize("how", STRATEGIES)
async def test_a_revision_that_crashed_gives_back_what_it_took_over(
    state: states.State, destination: DummyDestination, how: str
) -> None:
    strategy = STRATEGIES[how]
    hand = [parts.config("hand", limit="9"), parts.deployment("worker", image="worker:3", by="hand")]
    by_hand(state, *hand)
    await deploy(destination, parts.revision("one", parts.deployment(), **strategy))
    bad = [parts.deployment(behaves=parts.CRASH), parts.config("hand", limit="1"), parts.config("new", a="1")]
    worker = [] if strategy else [parts.deployment("worker", image="worker:4")]
    ended = await deploy(destination, parts.revision("two", *bad, *worker, **strategy), permitted=TAKE)
    assert ended.outcome.verdict.kind == "rolled_back"
    assert "ConfigMap shop/hand" in ended.outcome.verdict.reason
    assert "it was there before Sealane took it over" in ended.outcome.verdict.reason
    assert [content(state, manifest) for manifest in hand] == hand
    assert content(state, parts.config("new")) is None
    assert not {"ConfigMap hand", "Deployment worker", "ConfigMap new"} & await inventory(destination)


async def test_what_a_deployment_that_never_ended_took_over_and_made_goes_back_with_the_next(
    state: states.State, destination: DummyDestination
) -> None:
    """The stored inventory names it before it is written; the next deployment fails, with it or without it."""
    by_hand(state, hand := parts.config("hand", limit="9"), other := parts.config("other", limit="8"))
    await deploy(destination, parts.revision("one", parts.deployment()))
    taken = [parts.config("hand", limit="1"), parts.config("other", limit="1"), parts.config("new", a="1")]
    slow = parts.deployment(behaves={"DUMMY_READY_AFTER": "60"})
    first = asyncio.create_task(
        deploy(destination, parts.revision("two", *taken, parts.config("more"), slow), permitted=TAKE)
    )
    while "DUMMY" not in str(content(state, slow)):  # noqa: ASYNC110 - it is written last
        await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    bad = [parts.config("hand", limit="2"), parts.config("new", a="2"), parts.deployment(behaves=parts.CRASH)]
    ended = await deploy(destination, parts.revision("three", *bad), permitted=TAKE)
    assert ended.outcome.verdict.kind == "rolled_back"
    assert [content(state, manifest) for manifest in (hand, other)] == [hand, other]
    assert [content(state, parts.config(name)) for name in ("new", "more")] == [None, None]
    assert await inventory(destination) == {"Deployment web"}


async def test_a_first_deployment_that_failed_leaves_nothing_that_the_next_one_deletes(
    state: states.State, destination: DummyDestination
) -> None:
    by_hand(state, hand := parts.config("hand", limit="9"))
    bad = parts.revision("one", parts.deployment(behaves=parts.CRASH), parts.config("hand", limit="1"))
    assert (await deploy(destination, bad, permitted=TAKE)).outcome.verdict.kind == "failed"
    ended = await deploy(destination, parts.revision("two", parts.deployment(), parts.config("other", a="1")))
    assert ended.outcome.verdict.kind == "deployed"
    assert content(state, hand) == hand
    assert ended.record.note is not None
    assert "ConfigMap shop/hand" in ended.record.note


async def test_a_person_who_goes_back_behind_an_adoption_gets_it_back_too(
    state: states.State, destination: DummyDestination
) -> None:
    by_hand(state, hand := parts.config("hand", limit="9"))
    one = parts.revision("one", parts.deployment())
    await deploy(destination, one)
    await deploy(
        destination, parts.revision("two", parts.deployment(), parts.config("hand", limit="1")), permitted=TAKE
    )
    ended = await deploy(destination, one, is_rollback=True, permitted=deploy_request.Overrides(confirmed=True))
    assert ended.outcome.verdict.kind == "deployed"
    assert content(state, hand) == hand


async def test_a_stencil_of_an_adopted_object_that_is_deleted_later_deletes_the_object(
    state: states.State, destination: DummyDestination
) -> None:
    """It became the formation's with the first good verdict."""
    by_hand(state, hand := parts.config("hand", limit="9"))
    two = parts.revision("two", parts.deployment(), parts.config("hand", limit="1"))
    await deploy(destination, two, permitted=TAKE)
    await deploy(destination, parts.revision("three", parts.deployment(image="web:3")))
    assert content(state, hand) is None


async def test_a_command_that_was_killed_after_taking_over_leaves_its_mark_on_the_object(
    state: states.State, destination: DummyDestination
) -> None:
    """The next one knows nothing but what stands on the object and in the ledger."""
    by_hand(state, hand := parts.config("hand", limit="9"), never := parts.config("never", a="1"))
    await deploy(destination, one := parts.revision("one", parts.deployment()))
    slow = parts.deployment(behaves={"DUMMY_READY_AFTER": "60"})
    late = parts.config("never", a="2")
    late["metadata"]["annotations"] = {apply_plan.PAUSE: "60"}  # it comes after hand, and is never written
    killed = parts.revision("two", slow, parts.config("hand", limit="1"), late, parts.config("made", a="1"))
    task = asyncio.create_task(deploy(destination, killed, permitted=TAKE))
    while content(state, hand) == hand:  # noqa: ASYNC110 - it is to be seen there
        await asyncio.sleep(0.01)
    with state.write() as there:  # no verdict is written by a command that was killed
        there.ledgers["shop/shop/dev"].version += 1000
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    take_over = deploy_request.Overrides(take_over=True, confirmed=True)
    ended = await deploy(destination, one, is_rollback=True, permitted=take_over)
    assert ended.outcome.verdict.kind == "deployed"
    assert content(state, hand) == hand
    assert content(state, never) == never
    assert content(state, parts.config("made")) is None


async def test_what_the_formation_had_before_its_ledger_was_lost_stays(
    state: states.State, destination: DummyDestination
) -> None:
    """Its labels say whose it is; that this deployment did not make it is said by the object alone."""
    extra = parts.config("extra", a="1")
    await deploy(destination, parts.revision("one", parts.deployment(), extra))
    with state.write() as there:
        there.ledgers.clear()
    await deploy(destination, parts.revision("two", parts.deployment(image="web:2")))
    bad = parts.revision("bad", parts.deployment(behaves=parts.NO_IMAGE), parts.config("extra", a="2"))
    ended = await deploy(destination, bad)
    assert ended.outcome.verdict.kind == "rolled_back"
    assert content(state, extra) is not None
    assert "Left ConfigMap shop/extra: it was there before this deployment" in ended.outcome.verdict.reason
