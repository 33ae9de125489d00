"""Twelve ways of a deployment to ECS: the verdict, why, and exactly which writes it took.

Those marked as lies are ones that the SDK's own waiter takes for a success.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from sealane.verdicts.model import FactKind, VerdictKind
from tests.aws import service_timelines as timelines
from tests.aws.cluster import Roll, Timeline
from tests.aws.world import World
from tests.contracts import aws_scenarios
from tests.contracts.aws_scenarios import fault
from tests.contracts.aws_stories import Amazon
from tests.contracts.ecs_stories import BREAKER, fresh, revision, telling

K, F = VerdictKind, FactKind
R, U, C, STOP, GO_ON = (
    "RegisterTaskDefinition",
    "UpdateService",
    "CreateService",
    "StopServiceDeployment",
    "ContinueServiceDeployment",
)
WITH_BREAKER = {"deploymentConfiguration": BREAKER}
NO_WAY_BACK = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}}
IN_STAGES = {"deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}}


@dataclass(frozen=True, kw_only=True)
class Scenario(aws_scenarios.Scenario):
    """One way; it is arranged once the version before runs."""

    timeline: Timeline = timelines.rolling
    fields: dict[str, Any] = field(default_factory=lambda: WITH_BREAKER)
    runs: str = ""
    """The task definition that runs in the end."""

    def world(self) -> World:
        """As it is before."""
        return fresh(**self.fields)


def others(roll: Roll) -> Callable[[datetime], None]:
    """Another pipeline deploys `app:3`."""

    def step(_: datetime) -> None:
        theirs = roll.cluster.define("app", containerDefinitions=[])
        roll.cluster.scripts["web"] = [timelines.quick]
        WORLD[0].roll(roll.service, theirs.arn)

    return step


WORLD: list[World] = []


def superseded(roll: Roll) -> Any:
    return [*timelines.rolling(roll), (10, others(roll))]


def by_an_operator(roll: Roll) -> Any:
    def step(_: datetime) -> None:
        WORLD[0].stop(roll.service, roll.deployment)

    return [*timelines.stuck(roll), (61, step)]


def approved(roll: Roll) -> Any:
    """Somebody continues it after ten minutes."""

    def step(_: datetime) -> None:
        WORLD[0].go_on(roll.deployment.arn, "approve", "CONTINUE")

    return [*timelines.staged(roll), (651, step)]


def trouble(**more: Any) -> Callable[[World], None]:
    def arranged(world: World) -> None:
        for name, value in more.items():
            setattr(world.trouble, name, value)

    return arranged


def inactive(world: World) -> None:
    """Somebody deregisters what ran before while ours is under way."""
    world.cluster.definitions[0].status = "INACTIVE"


def inactive_and_named(roll: Roll) -> Any:
    return [*timelines.breaker_without_rollback(roll), (30, lambda _: inactive(WORLD[0]))]


SCENARIOS = [
    Scenario(name="1 rolling, well", verdict=K.DEPLOYED, writes=(R, U), not_before=345, runs="app:2"),
    Scenario(
        name="2 the circuit breaker rolls back",
        verdict=K.ROLLED_BACK,
        writes=(R, U),
        timeline=timelines.breaker,
        cause=F.RESOURCE_FAILED,
        says="CannotPullContainerError",
        by_itself=True,
        lies=True,
        runs="app:1",
        evidence="deployment failed: tasks failed to start",
    ),
    Scenario(
        name="3 the circuit breaker only gives up",
        verdict=K.ROLLED_BACK,
        writes=(R, U, U),
        timeline=timelines.breaker_without_rollback,
        fields=NO_WAY_BACK,
        cause=F.RESOURCE_FAILED,
        says="CannotPullContainerError",
        runs="app:1",
    ),
    Scenario(
        name="3 the circuit breaker only gives up, nothing before",
        verdict=K.FAILED,
        writes=(R, U),
        timeline=timelines.breaker_without_rollback,
        fields=NO_WAY_BACK,
        cause=F.RESOURCE_FAILED,
        rollback=False,
        runs="app:2",
    ),
    Scenario(
        name="4 a crash loop that nothing gives up",
        verdict=K.ROLLED_BACK,
        writes=(R, U, STOP),
        timeline=timelines.crash_loop,
        fields={},
        cause=F.RESOURCE_FAILED,
        says="container app ended with exit code 1",
        lies=True,
        runs="app:1",
        evidence="boom: no such table",
    ),
    Scenario(
        name="5 superseded by another pipeline",
        verdict=K.SUPERSEDED,
        writes=(R, U),
        timeline=superseded,
        cause=F.SUPERSEDED,
        says="somebody else deployed app:3",
        lies=True,
        runs="app:3",
    ),
    Scenario(
        name="6 stale reads",
        verdict=K.DEPLOYED,
        writes=(R, U),
        arrange=trouble(lag=timedelta(seconds=25), skew=timedelta(seconds=90), page=1),
        not_before=345,
        runs="app:2",
    ),
    Scenario(
        name="6 the answer is lost",
        verdict=K.DEPLOYED,
        writes=(R, U),
        arrange=fault(U, "drop"),
        not_before=345,
        runs="app:2",
    ),
    Scenario(
        name="6 the answer of registering is lost",
        verdict=K.DEPLOYED,
        writes=(R, U),
        arrange=fault(R, "drop"),
        not_before=345,
        runs="app:2",
    ),
    Scenario(
        name="7 no task is desired",
        verdict=K.UNPROVEN,
        writes=(R, U),
        timeline=timelines.nothing_to_start,
        fields={**WITH_BREAKER, "desired": 0},
        cause=F.UNPROVEN,
        says="no task is to run",
        lies=True,
        runs="app:2",
    ),
    Scenario(
        name="8 blue and green, with a person's word",
        verdict=K.DEPLOYED,
        writes=(R, U),
        timeline=approved,
        fields=IN_STAGES,
        not_before=651 + 350,
        runs="app:2",
    ),
    Scenario(
        name="9 an alarm while it bakes",
        verdict=K.ROLLED_BACK,
        writes=(R, U),
        timeline=timelines.alarm_in_bake,
        fields=IN_STAGES,
        cause=F.RESOURCE_FAILED,
        says="alarm errors-high",
        by_itself=True,
        lies=True,
        runs="app:1",
    ),
    Scenario(
        name="9 an alarm while it bakes, and the service can't go back",
        verdict=K.ROLLED_BACK,
        writes=(R, U, U),
        timeline=timelines.alarm_and_stuck,
        fields=IN_STAGES,
        cause=F.RESOURCE_FAILED,
        says="alarm errors-high",
        runs="app:1",
    ),
    Scenario(
        name="11 what it goes back to was deregistered",
        verdict=K.ROLLED_BACK,
        writes=(R, U, R, U),
        timeline=inactive_and_named,
        fields=NO_WAY_BACK,
        cause=F.RESOURCE_FAILED,
        runs="app:3",
    ),
    Scenario(
        name="12a not permitted to register",
        verdict=K.FAILED,
        writes=(),
        arrange=fault(R, "access_denied"),
        cause=F.REFUSED,
        says="iam:PassRole",
        runs="app:1",
    ),
    Scenario(
        name="12a not permitted to update",
        verdict=K.ROLLED_BACK,
        writes=(R,),
        arrange=fault(U, "access_denied"),
        cause=F.REFUSED,
        says="iam:PassRole",
        runs="app:1",
    ),
    Scenario(
        name="12b the ends of deployments may not be seen",
        verdict=K.DEPLOYED,
        writes=(R, U),
        arrange=trouble(hidden={"ListServiceDeployments"}),
        says="the account may not see it",
        not_before=345,
        runs="app:2",
    ),
    Scenario(
        name="12c throttled",
        verdict=K.DEPLOYED,
        writes=(R, U),
        arrange=fault("DescribeServices", "throttle_ecs", nth=6, times=8),
        not_before=345,
        runs="app:2",
    ),
    Scenario(
        name="12d an operator rolls it back",
        verdict=K.ROLLED_BACK,
        writes=(R, U),
        timeline=by_an_operator,
        cause=F.RESOURCE_FAILED,
        says="Service deployment rolled back by user",
        by_itself=True,
        lies=True,
        runs="app:1",
    ),
    Scenario(
        name="12e it can neither stop nor start a task",
        verdict=K.ROLLED_BACK,
        writes=(R, U, STOP),
        timeline=timelines.stuck,
        fields={},
        cause=F.RESOURCE_PENDING,
        says="0 of 2 new tasks run",
        not_before=1200,
        runs="app:1",
        evidence="minimumHealthyPercent",
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_scenario(aws: Amazon, scenario: Scenario) -> None:
    world = scenario.world()
    WORLD[:] = [world]
    with telling(aws, world, hurry=2) as teller:
        if scenario.fields.get("desired") != 0:
            await teller.first()
        world.cluster.scripts["web"] = [scenario.timeline]
        scenario.arrange(world)
        began = world.clock.now()
        back = revision("a1", **scenario.spec) if scenario.rollback else None
        ended = await teller.deploy(revision("b2", **scenario.spec), back=back)
    scenario.check(ended, world, began=began)
    assert world.cluster.services["shop", "web"].primary.definition.endswith(f"/{scenario.runs}")


@pytest.mark.parametrize(
    "scenario", [scenario for scenario in SCENARIOS if scenario.lies], ids=lambda scenario: scenario.name
)
def test_the_waiter_of_the_sdk_calls_it_a_success(aws: Amazon, scenario: Scenario) -> None:
    """Else the scenario would have no teeth."""
    assert scenario.verdict is not K.DEPLOYED
    world = scenario.world()
    WORLD[:] = [world]
    world.cluster.scripts["web"] = [scenario.timeline]
    with aws.port.serving(world):
        client = aws.account._client("ecs")
        made = client.register_task_definition(family="app", containerDefinitions=[])["taskDefinition"]
        client.update_service(cluster="shop", service="web", taskDefinition=made["taskDefinitionArn"])
        world.clock.mode, world.clock.step = "per_poll", 15
        try:
            client.get_waiter("services_stable").wait(
                cluster="shop", services=["web"], WaiterConfig={"Delay": 0, "MaxAttempts": 40}
            )
        except WaiterError:
            pytest.fail("it gives up")
