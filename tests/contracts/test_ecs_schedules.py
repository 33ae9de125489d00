"""Scheduled tasks of ECS: what every destination promises, how they go back with their services, and when they are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sealane.destinations import deletions, model
from sealane.verdicts.model import FactKind, VerdictKind
from tests import crashing
from tests.aws import service_timelines as timelines
from tests.aws.faults import Fault
from tests.aws.world import World
from tests.contracts.aws_contract import AccountContract, identity
from tests.contracts.aws_stories import Amazon, Manifest
from tests.contracts.ecs_stories import AFTER, BEFORE, BREAKER, Teller, definition, fresh, revision, telling

_VERSIONS = {"v1": "a1", "v2": "b2"}
R, U, STOP, CREATE, CHANGE, DELETE = (
    "RegisterTaskDefinition",
    "UpdateService",
    "StopServiceDeployment",
    "CreateSchedule",
    "UpdateSchedule",
    "DeleteSchedule",
)
CLUSTER = "arn:aws:ecs:eu-central-1:123456789012:cluster/shop"


def schedule(name: str = "nightly", **more: Any) -> Manifest:
    """Runs a task of the service's definition each night."""
    target = {
        "RoleArn": "arn:aws:iam::123456789012:role/shop-scheduler",
        "EcsParameters": {"TaskDefinitionArn": "app", "LaunchType": "FARGATE"},
    }
    spec = {"ScheduleExpression": "cron(0 3 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, **more}
    return {"apiVersion": "scheduler.amazonaws.com/v1", "kind": "Schedule", "metadata": {"name": name}, "spec": spec}


def runs(world: World, name: str = "nightly") -> str:
    """The task definition that it starts."""
    return str(world.schedules[name]["Target"]["EcsParameters"]["TaskDefinitionArn"])


def somebodys(world: World, arn: str, cluster: str = CLUSTER) -> None:
    """Somebody writes it by hand."""
    spec = schedule()["spec"]
    parameters = {**spec["Target"]["EcsParameters"], "TaskDefinitionArn": arn}
    target = {**spec["Target"], "Arn": cluster, "EcsParameters": parameters}
    world.schedules["nightly"] = {**spec, "Name": "nightly", "State": "ENABLED", "Target": target}


@pytest.fixture
def teller(aws: Amazon) -> Iterator[Teller]:
    world = fresh(deploymentConfiguration=BREAKER)
    somebodys(world, BEFORE)
    with telling(aws, world, hurry=3) as teller:
        yield teller


class TestSchedules(AccountContract):
    """Schedules promise what every object in an account does; but they never wait, and are deleted."""

    writes = (R, CHANGE)
    fences = 3
    version_field = "spec.Target.EcsParameters.TaskDefinitionArn"
    test_pruning_deletes_nothing = None
    test_whoever_waits_for_somebody_else_can_be_called_off = None

    def objects(self, version: str) -> list[Manifest]:
        return [schedule(), definition(_VERSIONS[version])]

    def others(self, teller: Teller) -> None:
        somebodys(teller.world, BEFORE)


def with_schedule(version: str, **more: Any) -> list[Manifest]:
    return [*revision(version), schedule(**more)]


async def test_one_that_is_missing_is_made_once_and_deleted_when_no_stencil_has_it(teller: Teller) -> None:
    """Though the answers are lost; what somebody set and no stencil names stays as it is."""
    teller.world.schedules.clear()
    teller.world.trouble.faults = [Fault(op=CREATE, kind="drop"), Fault(op=DELETE, kind="drop")]
    ended = await teller.deploy(with_schedule("b2"))
    assert ended.verdict.kind is VerdictKind.DEPLOYED, ended.verdict.reason
    assert runs(teller.world) == AFTER
    assert set(teller.world.writes()) == {R, U, CREATE}
    teller.world.schedules["nightly"] |= {"Description": "somebody's word", "EndDate": 1900000000.0}
    ended = await teller.deploy(with_schedule("b2", ScheduleExpression="rate(1 hour)"))
    there = teller.world.schedules["nightly"]
    assert (there["ScheduleExpression"], there["Description"]) == ("rate(1 hour)", "somebody's word")
    assert there["EndDate"] == 1900000000.0
    plan = await teller.planned(revision("b2"))
    wanted = tuple(ref for ref in ended.inventory if ref.kind != "Schedule")
    pruned = await teller.destination.prune(
        ended.inventory, wanted, identity=plan.target.identity, fence=model.unfenced, budget=deletions.Budget()
    )
    assert [ref.kind for ref in pruned.deleted] == ["Schedule"]
    assert teller.world.schedules == {}
    assert teller.world.cluster.services["shop", "web"].status == "ACTIVE"


async def test_a_kill_at_every_step_leaves_service_and_schedule_at_one_version(aws: Amazon) -> None:
    """The service fails, so the schedule goes back with it, and nothing is written twice."""
    at = 2 - crashing.BOUNDARIES
    while True:
        at += crashing.BOUNDARIES
        world = fresh(deploymentConfiguration={})
        somebodys(world, BEFORE)
        with telling(aws, world, hurry=10) as teller:
            await teller.deploy(with_schedule("a1"))
            world.calls.clear()
            world.cluster.scripts["web"] = [timelines.crash_loop]
            plan = await teller.planned(with_schedule("b2"), back=with_schedule("a1"))

            async def story(journal: crashing.Crashing, teller: Teller = teller, plan: Any = plan) -> Any:
                return await teller.told(plan, journal=journal)

            ended = await crashing.told(story, at=at)
        if ended is None:
            break
        assert ended.verdict.kind is VerdictKind.ROLLED_BACK, f"killed at {at}: {ended.verdict.reason}"
        assert world.writes() == [R, U, CHANGE, STOP, CHANGE], f"killed at {at}"
        assert runs(world) == BEFORE
    assert at > 3


async def test_the_name_is_the_accounts_so_another_clusters_is_left_alone(teller: Teller) -> None:
    somebodys(teller.world, BEFORE, CLUSTER.replace("/shop", "/other"))
    applied = await teller.destination.apply(
        [schedule(), definition("a1")], identity=identity(5), fence=model.unfenced, adopt=True
    )
    (refusal,) = applied.refusals
    assert "for arn:aws:ecs:eu-central-1:123456789012:cluster/other" in refusal.message
    assert teller.world.writes() == []


@pytest.mark.parametrize(
    ("happens", "kind", "words"),
    [
        (lambda world: somebodys(world, BEFORE), FactKind.SUPERSEDED, "somebody else changed it"),
        (lambda world: world.schedules.clear(), FactKind.RESOURCE_FAILED, "it is gone"),
    ],
)
async def test_what_becomes_of_it_later_is_seen(teller: Teller, happens: Any, kind: FactKind, words: str) -> None:
    ended = await teller.deploy([schedule(State="DISABLED"), definition("b2")])
    assert ended.verdict.kind is VerdictKind.DEPLOYED, ended.verdict.reason
    assert "is disabled" in ended.verdict.reason
    happens(teller.world)
    teller.world.clock.advance(120)
    refs = await teller.destination.refs([schedule()], namespace="shop")
    observations = teller.destination.observe(identity(), refs)
    (fact,) = (await anext(observations)).facts
    assert (fact.kind, fact.words) == (kind, words)
