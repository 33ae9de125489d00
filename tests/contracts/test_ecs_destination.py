"""What every destination promises, where a service of ECS has it; tasks of hooks; and a kill at every step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.clients.aws.account import Account
from sealane.clients.aws.buckets import Bucket
from sealane.deployments import jobs
from sealane.deployments.jobs import JobContext, JobRequest, JobResult
from sealane.destinations import model
from sealane.destinations.ecs import records
from sealane.destinations.ecs.platform import PLATFORM
from sealane.verdicts.model import VerdictKind
from tests import crashing
from tests.aws import service_timelines as timelines
from tests.aws.cluster import Timeline
from tests.aws.faults import Fault
from tests.aws.virtual_clock import BEGAN
from tests.aws.world import World, ends
from tests.contracts.aws_contract import AccountContract, identity
from tests.contracts.aws_stories import BUCKET, Amazon, Manifest
from tests.contracts.ecs_stories import BREAKER, Teller, definition, fresh, revision, service, telling

_VERSIONS = {"v1": "a1", "v2": "b2"}


@pytest.fixture
def teller(aws: Amazon) -> Iterator[Teller]:
    with telling(aws, fresh(deploymentConfiguration=BREAKER), hurry=3) as teller:
        yield teller


class TestServices(AccountContract):
    """Services promise what every destination in an account does."""

    writes = ("RegisterTaskDefinition", "UpdateService")
    fences = 3
    version_field = "spec.taskDefinition"

    def objects(self, version: str) -> list[Manifest]:
        return revision(_VERSIONS[version])

    def others(self, teller: Teller) -> None:
        teller.world.roll(teller.world.cluster.services["shop", "web"], teller.world.cluster.definitions[0].arn)


async def test_a_service_that_is_missing_is_made_once(teller: Teller) -> None:
    """Though the answer is lost; its first deployment has nothing to roll back to."""
    teller.world.trouble.faults = [Fault(op="CreateService", kind="drop")]
    ended = await teller.deploy([service(name="new", desiredCount=1), definition("b2")])
    assert ended.verdict.kind is VerdictKind.DEPLOYED, ended.verdict.reason
    assert teller.world.writes() == ["RegisterTaskDefinition", "CreateService"]
    teller.world.cluster.scripts["other"] = [timelines.breaker_without_rollback]
    failed = await teller.deploy([service(name="other"), definition("b2")])
    assert failed.verdict.kind is VerdictKind.FAILED, failed.verdict.reason


R, U, STOP = "RegisterTaskDefinition", "UpdateService", "StopServiceDeployment"


@pytest.mark.parametrize(
    ("timeline", "settings", "verdict", "writes"),
    [
        (timelines.quick, BREAKER, VerdictKind.DEPLOYED, (R, U)),
        (timelines.breaker, BREAKER, VerdictKind.ROLLED_BACK, (R, U)),
        (timelines.breaker_without_rollback, BREAKER, VerdictKind.ROLLED_BACK, (R, U, U)),
        (timelines.crash_loop, {}, VerdictKind.ROLLED_BACK, (R, U, STOP)),
        (timelines.alarm_and_stuck, {"strategy": "BLUE_GREEN"}, VerdictKind.ROLLED_BACK, (R, U, U)),
    ],
)
async def test_a_kill_at_every_step_writes_nothing_twice(
    aws: Amazon, timeline: Timeline, settings: dict[str, Any], verdict: VerdictKind, writes: tuple[str, ...]
) -> None:
    """What a step did is there, and nothing is kept of it: whoever takes over does it again."""
    at = 2 - crashing.BOUNDARIES
    while True:
        at += crashing.BOUNDARIES
        world = fresh(deploymentConfiguration=settings)
        with telling(aws, world, hurry=10) as teller:
            await teller.first()
            world.cluster.scripts["web"] = [timeline]
            plan = await teller.planned(revision("b2"), back=revision("a1"))

            async def story(journal: crashing.Crashing, teller: Teller = teller, plan: Any = plan) -> Any:
                return await teller.told(plan, journal=journal)

            ended = await crashing.told(story, at=at)
        if ended is None:
            break
        assert (ended.verdict.kind, tuple(world.writes())) == (verdict, writes), (
            f"killed at {at}: {ended.verdict.reason}"
        )
    assert at > 3


async def test_a_rollout_that_is_called_off_is_stopped_and_rolled_back(teller: Teller) -> None:
    """The way back has the service itself go back, once, and says that it was asked to."""
    await teller.first()
    teller.world.cluster.scripts["web"] = [timelines.rolling]
    plan = await teller.planned(revision("b2"), back=revision("a1"))
    assert plan.previous is not None
    target, back = plan.target.identity, plan.previous.identity
    await teller.destination.apply(revision("b2"), identity=target, fence=model.unfenced, adopt=True)
    teller.world.clock.advance(20)
    first = await teller.destination.apply(revision("a1"), identity=back, fence=model.unfenced)
    again = await teller.destination.apply(revision("a1"), identity=back, fence=model.unfenced)
    assert teller.world.writes() == ["RegisterTaskDefinition", "UpdateService", "StopServiceDeployment"]
    assert (first.was_there, len(first.changed), len(again.changed)) == (False, 1, 0)
    teller.world.clock.advance(100)
    assert teller.world.cluster.services["shop", "web"].primary.definition.endswith(":1")


async def test_scaling_is_no_deployment_and_restarting_is_one(teller: Teller) -> None:
    await teller.first()
    web = teller.world.cluster.services["shop", "web"]
    scaled = PLATFORM.scaled(service(), 3)
    assert scaled is not None
    ended = await teller.deploy([scaled, definition("a1")])
    assert (ended.verdict.kind, len(web.running(web.primary.id))) == (VerdictKind.DEPLOYED, 3), ended.verdict.reason
    assert web.deployments == []
    restarted = PLATFORM.restarted(scaled, BEGAN)
    assert restarted is not None
    for _ in range(2):
        ended = await teller.deploy([restarted, definition("a1")])
        assert ended.verdict.kind is VerdictKind.DEPLOYED, ended.verdict.reason
    assert len(web.deployments) == 1
    assert teller.world.writes() == ["UpdateService", "UpdateService"]


async def test_what_can_not_be_changed_is_refused(teller: Teller) -> None:
    await teller.first()
    objects = [service(launchType="EC2"), definition("a1")]
    applied = await teller.destination.apply(objects, identity=identity(5), fence=model.unfenced)
    (refusal,) = applied.refusals
    assert (refusal.reason, refusal.fields) == (model.Reason.IMMUTABLE, ("spec.launchType",))
    assert teller.world.writes() == []


async def test_reading_shows_no_variables(teller: Teller) -> None:
    hidden = definition("b2")
    hidden["spec"]["containerDefinitions"][0]["environment"] = [{"name": "PASSWORD", "value": "hunter2"}]
    await teller.deploy([service(), hidden])
    found = await teller.destination.read(await teller.destination.refs([service(), hidden], namespace="shop"))
    assert {manifest["kind"] for manifest in found} == {"Service", "TaskDefinition"}
    assert "hunter2" not in str(found)


async def test_what_others_run_there_is_observed(teller: Teller) -> None:
    assert (await teller.destination.observed("shop")).version == "app:1"
    await teller.first()
    assert (await teller.destination.observed("shop")).objects == ()


async def test_logs_are_those_of_its_running_tasks(teller: Teller) -> None:
    teller.world.cluster.streams["/shop", "web/app"] = ["one", "two"]
    refs = await teller.destination.refs([service()], namespace="shop")

    async def lines(**more: Any) -> list[str]:
        given = {"namespace": "shop", "container": None, "lines": 1, "follow": False, **more}
        return [line.partition("/")[2] async for line in teller.destination.tail(refs, **given)]

    assert await lines() == ["app  two", "app  two"]
    assert await lines(container="other") == []


def migration() -> Manifest:
    """A task that a hook names, with its definition inside, as rendering gives it."""
    given = definition("b2")
    spec = {"taskDefinition": {"metadata": given["metadata"], "spec": given["spec"]}, "launchType": "FARGATE"}
    return {"apiVersion": "ecs.amazonaws.com/v1", "kind": "Task", "metadata": {"name": "migrate"}, "spec": spec}


async def ran(teller: Teller) -> JobResult:
    """The task of a hook."""
    order = JobRequest(
        manifest=migration(),
        key=("shop/prod", "7", "before", "migrate"),
        identity=identity(7),
        timeout=timedelta(minutes=10),
        variables={"SEALANE_APP": "shop"},
    )
    return await jobs.run(order, JobContext(destination=teller.destination, now=teller.world.clock.now))


async def test_10_a_migration_that_ends_well_runs_once(teller: Teller) -> None:
    """Though the answer is lost, nobody can see it for a while, and it is asked for again."""
    await teller.first()
    teller.world.trouble.faults = [Fault(op="RunTask", kind="drop")]
    teller.world.cluster.hides_tasks = timedelta(seconds=20)
    first, again = await ran(teller), await ran(teller)
    assert (first.cause, again.cause) == (None, None)
    assert first.lines == ("boom: no such table",)
    (task,) = teller.world.cluster.tasks.values()
    (override,) = task.given["overrides"]["containerOverrides"]
    assert override == {"name": "app", "environment": [{"name": "SEALANE_APP", "value": "shop"}]}
    assert set(teller.world.writes()) == {"RegisterTaskDefinition", "RunTask"}


async def test_10_a_migration_that_hangs_is_ended(teller: Teller) -> None:
    """Once, however often it is asked for."""
    await teller.first()
    teller.world.cluster.runs.append(lambda task: [(5, task.run)])
    first = await ran(teller)
    again = await ran(teller)
    assert first.cause is not None
    assert first.cause.sentence.endswith("did not end within 600 s.")
    assert again.cause is not None
    assert "it was stopped before its end" in again.cause.sentence
    (task,) = teller.world.cluster.tasks.values()
    assert (task.status, task.stop_code) == ("STOPPED", "UserInitiated")
    assert teller.world.writes().count("StopTask") == 1


async def test_a_bucket_serves_two_regions(aws: Amazon, teller: Teller) -> None:
    """A service of the same name in another region has a record and a ledger of its own."""
    await teller.first()
    elsewhere = Account(replace(aws.account.access, region="us-east-1"))
    ref = model.ref_of(service(), "shop")
    here, there = (records.of(Bucket(account, BUCKET)) for account in (aws.account, elsewhere))
    assert (await here.get(ref))[0] is not None
    assert (await there.get(ref))[0] is None


@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (lambda world: world.cluster.refuses_tasks.append({"reason": "RESOURCE:MEMORY"}), "RESOURCE:MEMORY"),
        (lambda world: world.cluster.runs.append(ends(None, timelines.PULL)), "it never started: CannotPull"),
        (lambda world: world.cluster.runs.append(ends(1)), "container app ended with exit code 1"),
        (
            lambda world: world.cluster.runs.append(
                ends(143, "Your Spot Task was interrupted.", code="SpotInterruption")
            ),
            "stopped before its end: Your Spot Task was interrupted",
        ),
    ],
)
async def test_10_a_migration_that_fails_says_why(teller: Teller, arrange: Any, says: str) -> None:
    await teller.first()
    arrange(teller.world)
    ended = await ran(teller)
    assert ended.cause is not None
    assert says in ended.cause.sentence
    web: World = teller.world
    assert web.cluster.services["shop", "web"].primary.definition.endswith(":1")
