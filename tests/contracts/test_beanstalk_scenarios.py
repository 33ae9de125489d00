"""Twelve ways of a deployment to Elastic Beanstalk: the verdict, why, and exactly which writes it took.

Those marked as lies are ones that the SDK's own waiter takes for a success.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from sealane.verdicts.model import FactKind, VerdictKind
from tests.aws import timelines
from tests.aws.faults import Fault
from tests.aws.timelines import Step, Timeline, Update
from tests.aws.virtual_clock import BEGAN
from tests.aws.world import World
from tests.contracts import aws_scenarios
from tests.contracts.aws_scenarios import fault
from tests.contracts.aws_stories import Amazon
from tests.contracts.beanstalk_stories import Teller, telling

K, F = VerdictKind, FactKind
U, ABORT, SWAP, CREATE = (
    "UpdateEnvironment",
    "AbortEnvironmentUpdate",
    "SwapEnvironmentCNAMEs",
    "CreateApplicationVersion",
)
IMMUTABLE = {("aws:elasticbeanstalk:command", "DeploymentPolicy"): "Immutable"}


@dataclass(frozen=True, kw_only=True)
class Scenario(aws_scenarios.Scenario):
    """One way."""

    timelines: tuple[Timeline, ...] = (timelines.rolling,)
    instances: int = 2
    environment: dict[str, Any] = field(default_factory=dict)
    destination: dict[str, Any] = field(default_factory=dict)
    strategy: dict[str, Any] = field(default_factory=dict)

    def world(self) -> World:
        """As it is before."""
        world = World()
        world.environment("shop-prod", "shop", "v1", instances=self.instances, **self.environment)
        if not self.spec.get("SourceBundle"):
            world.version("shop", "v2")
        world.version("shop", "v3")
        world.scripts["shop-prod"] = list(self.timelines)
        self.arrange(world)
        return world


def then(timeline: Timeline, seconds: float, does: Callable[[Update], Any]) -> Timeline:
    """The timeline, and something that somebody else does on the way."""

    def step(update: Update) -> Step:
        return lambda at: does(update)

    return lambda update: [*timeline(update), (seconds, step(update))]


def busy(world: World) -> None:
    """Somebody else's update goes on, and reads show an idle environment for a while."""
    world.version("shop", "v1b")
    world.trouble.lag = timedelta(seconds=20)
    world.update("shop-prod", label="v1b", timeline=timelines.well(90))


def others(world: World) -> None:
    """Once ours has failed somebody else deploys v3."""
    world.scripts["shop-prod"] = [
        then(timelines.hook_fails, 52, lambda _: world.update("shop-prod", label="v3", timeline=timelines.well(60)))
    ]


def platform_update(world: World) -> None:
    """Once ours has failed the service begins its own update."""
    world.scripts["shop-prod"] = [then(timelines.hook_fails, 52, lambda _: world.platform_update("shop-prod"))]


def abort(seconds: float) -> Callable[[World], None]:
    def aborted(world: World) -> None:
        def does(_: Update) -> None:
            if world.environments["shop-prod"].abortable:
                world.abort("shop-prod")

        world.scripts["shop-prod"] = [then(timelines.rolling, seconds, does)]

    return aborted


def trouble(world: World) -> None:
    world.trouble.faults = [
        Fault(op="DescribeEnvironments", kind="throttle", nth=5, times=6),
        Fault(op="DescribeEvents", kind="error", nth=9),
    ]
    world.trouble.lag, world.trouble.page, world.trouble.skew = timedelta(seconds=20), 2, timedelta(seconds=90)


def hidden(world: World) -> None:
    world.trouble.hidden = {"DescribeEvents", "DescribeInstancesHealth"}


def cleaned(world: World) -> None:
    world.scripts["shop-prod"] = [then(timelines.batch_2_fails, 200, lambda _: world.versions.pop(("shop", "v1")))]


SCENARIOS = [
    Scenario(name="1 rolling, well", verdict=K.DEPLOYED, writes=(U,), not_before=360),
    Scenario(
        name="2 a hook fails",
        verdict=K.ROLLED_BACK,
        writes=(U, U),
        timelines=(timelines.hook_fails,),
        cause=F.RESOURCE_FAILED,
        says="Command failed on instance",
        instances=1,
        lies=True,
        evidence="boom: no such table",
    ),
    Scenario(
        name="2 a hook fails, nothing before",
        verdict=K.FAILED,
        writes=(U,),
        timelines=(timelines.hook_fails,),
        cause=F.RESOURCE_FAILED,
        instances=1,
        lies=True,
        rollback=False,
    ),
    Scenario(
        name="3 the second batch fails",
        verdict=K.ROLLED_BACK,
        writes=(U, U),
        timelines=(timelines.batch_2_fails,),
        cause=F.RESOURCE_FAILED,
        lies=True,
        evidence="Failed to deploy application.",
    ),
    Scenario(
        name="4 immutable, put back by the service",
        verdict=K.ROLLED_BACK,
        writes=(U,),
        timelines=(timelines.immutable_fails,),
        cause=F.RESOURCE_FAILED,
        says="did not pass health check",
        by_itself=True,
        lies=True,
        environment={"settings": IMMUTABLE},
    ),
    Scenario(
        name="5 false success",
        verdict=K.ROLLED_BACK,
        writes=(U, U),
        timelines=(timelines.false_success,),
        cause=F.RESOURCE_FAILED,
        says="instance i-b runs v1 (Failed), not v2",
        lies=True,
        evidence="Summary: [Successful: 1, Failed: 1]",
    ),
    Scenario(
        name="5 false success, nothing before",
        verdict=K.FAILED,
        writes=(U,),
        timelines=(timelines.false_success,),
        cause=F.RESOURCE_FAILED,
        lies=True,
        rollback=False,
    ),
    Scenario(name="6 busy, then free", verdict=K.DEPLOYED, writes=(U,), arrange=busy, not_before=90 + 360),
    Scenario(
        name="6 busy, and not waited for",
        verdict=K.FAILED,
        writes=(),
        arrange=busy,
        cause=F.REFUSED,
        says="somebody else's update has been under way",
        destination={"queue": timedelta()},
    ),
    Scenario(
        name="6 the service updates the platform first",
        verdict=K.DEPLOYED,
        writes=(U,),
        arrange=lambda world: world.platform_update("shop-prod", seconds=90),
        not_before=90 + 360,
    ),
    Scenario(
        name="6 the service updates the platform for too long",
        verdict=K.FAILED,
        writes=(),
        arrange=lambda world: world.platform_update("shop-prod", seconds=90),
        cause=F.REFUSED,
        says="the service's own PlatformUpdate has been under way",
        destination={"queue": timedelta()},
    ),
    Scenario(
        name="7 the service updates the platform when ours has failed",
        verdict=K.SUPERSEDED,
        writes=(U,),
        instances=1,
        arrange=platform_update,
        cause=F.SUPERSEDED,
        says="the service's own PlatformUpdate began",
    ),
    Scenario(
        name="7 superseded before the way back",
        verdict=K.SUPERSEDED,
        writes=(U,),
        instances=1,
        arrange=others,
        cause=F.SUPERSEDED,
        says="somebody else",
        lies=True,
    ),
    Scenario(
        name="8 slow, in the end well",
        verdict=K.DEPLOYED,
        writes=(U,),
        timelines=(timelines.slow(900),),
        says="had instances that did not answer in time",
        not_before=900,
    ),
    Scenario(
        name="8 slower than the service allows",
        verdict=K.UNPROVEN,
        writes=(U,),
        timelines=(timelines.slow(1500),),
        instances=1,
        cause=F.UNDER_WAY,
        not_before=1260,
    ),
    Scenario(
        name="9 aborted by somebody",
        verdict=K.ROLLED_BACK,
        writes=(U, U),
        arrange=abort(160),
        cause=F.RESOURCE_FAILED,
        says="During an aborted deployment",
        lies=True,
    ),
    Scenario(name="9 aborted too late", verdict=K.DEPLOYED, writes=(U,), arrange=abort(313), not_before=360),
    Scenario(name="10 throttled and stale", verdict=K.DEPLOYED, writes=(U,), arrange=trouble, not_before=360),
    Scenario(
        name="10 the answer is lost", verdict=K.DEPLOYED, writes=(U,), arrange=fault(U, "drop"), not_before=360
    ),
    Scenario(
        name="12a the version can't be processed",
        verdict=K.FAILED,
        writes=(CREATE,),
        arrange=lambda world: world.fails_processing.add("v2"),
        spec={"SourceBundle": {"S3Bucket": "builds", "S3Key": "v2.zip"}},
        cause=F.REFUSED,
        says="can't process version v2",
    ),
    Scenario(
        name="12b not permitted",
        verdict=K.FAILED,
        writes=(),
        arrange=fault(U, "denied"),
        cause=F.REFUSED,
        says="You do not have permission",
    ),
    Scenario(
        name="12c nothing may be seen",
        verdict=K.UNPROVEN,
        writes=(U,),
        arrange=hidden,
        cause=F.UNPROVEN,
        says="may not see",
        lies=True,
    ),
    Scenario(
        name="12d the version before is gone",
        verdict=K.ROLLBACK_FAILED,
        writes=(U,),
        arrange=cleaned,
        cause=F.RESOURCE_FAILED,
        says="it may have been cleaned up",
        lies=True,
    ),
]  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_scenario(aws: Amazon, scenario: Scenario) -> None:
    world = scenario.world()
    with telling(aws, world, **scenario.destination) as teller:
        back = teller.manifest("v1") if scenario.rollback else None
        ended = await teller.deploy(teller.manifest("v2", **scenario.spec), back=back, **scenario.strategy)
    scenario.check(ended, world, began=BEGAN)


@pytest.mark.parametrize(
    "scenario", [scenario for scenario in SCENARIOS if scenario.lies], ids=lambda scenario: scenario.name
)
def test_the_waiter_of_the_sdk_calls_it_a_success(aws: Amazon, scenario: Scenario) -> None:
    """Else the scenario would have no teeth."""
    assert scenario.verdict is not K.DEPLOYED
    assert naive(aws, scenario) == "success"


def naive(aws: Amazon, scenario: Scenario) -> str:
    """What somebody would say who updates, and waits as the SDK does."""
    world = scenario.world()
    world.clock.mode, world.clock.step = "per_poll", 60
    with aws.port.serving(world):
        client = aws.account._client("elasticbeanstalk")
        client.update_environment(EnvironmentName="shop-prod", VersionLabel="v2")
        try:
            client.get_waiter("environment_updated").wait(
                EnvironmentNames=["shop-prod"], WaiterConfig={"Delay": 0, "MaxAttempts": 20}
            )
        except WaiterError:
            return "gives up"
    return "success"


def green(world: World) -> None:
    """Two environments; the name is the old one's."""
    world.environments["shop-prod"].cname = "shop.eu-central-1.elasticbeanstalk.com"
    world.environment("shop-green", "shop", "v1", id="e-green")
    world.version("shop", "v2")


async def swapped(teller: Teller) -> Any:
    new = teller.manifest("v2", name="shop-green", CNAMEPrefix="shop")
    old = teller.manifest("v1", CNAMEPrefix="shop")
    await teller.deploy(old)
    return await teller.deploy(new, back=old, healthy_for=timedelta(seconds=60))


async def test_11_names_are_swapped_once_though_the_answer_is_lost(aws: Amazon) -> None:
    with telling(aws, World()) as teller:
        world = teller.world
        world.environment("shop-prod", "shop", "v1")
        green(world)
        world.trouble.faults = [Fault(op=SWAP, kind="drop")]
        ended = await swapped(teller)
        assert ended.verdict.kind is K.DEPLOYED, ended.verdict.reason
        assert world.writes() == [U, SWAP]
        assert world.environments["shop-green"].cname == "shop.eu-central-1.elasticbeanstalk.com"


async def test_11_names_are_swapped_back_when_the_new_one_fails_under_load(aws: Amazon) -> None:
    with telling(aws, World()) as teller:
        world = teller.world
        world.environment("shop-prod", "shop", "v1")
        green(world)
        world.swaps = [
            lambda update: [(30, update.fares("Severe", "100.0 % of the requests are failing with HTTP 5xx."))]
        ]
        ended = await swapped(teller)
        assert ended.verdict.kind is K.ROLLED_BACK, ended.verdict.reason
        assert "failing with HTTP 5xx" in ended.verdict.reason
        assert world.writes() == [U, SWAP, SWAP]
        assert world.environments["shop-prod"].cname == "shop.eu-central-1.elasticbeanstalk.com"


async def test_8_what_was_still_under_way_is_taken_up_and_written_no_second_time(aws: Amazon) -> None:
    scenario = next(each for each in SCENARIOS if each.cause is F.UNDER_WAY)
    world = scenario.world()
    with telling(aws, world) as teller:
        first = await teller.deploy(teller.manifest("v2"), back=teller.manifest("v1"))
        again = await teller.deploy(teller.manifest("v2"), back=teller.manifest("v1"))
    assert (first.verdict.kind, again.verdict.kind) == (K.UNPROVEN, K.DEPLOYED), again.verdict.reason
    assert world.writes() == [U]


async def test_options_are_changed_apart_from_the_version(aws: Amazon) -> None:
    """In an update of its own, before it; together the service takes neither."""
    world = World()
    world.environment("shop-prod", "shop", "v1")
    world.version("shop", "v2")
    world.scripts["shop-prod"] = [timelines.settings(), timelines.well()]
    option = {"Namespace": "aws:elasticbeanstalk:command", "OptionName": "BatchSize", "Value": 50}
    with telling(aws, world) as teller:
        plan = await teller.plan(teller.manifest("v2", OptionSettings=[option]), back=teller.manifest("v1"))
        ended = await teller.deploy({}, plan=plan)
    assert ended.verdict.kind is K.DEPLOYED, ended.verdict.reason
    assert world.writes() == [U, U]
    assert [sorted(set(call.given) - {"EnvironmentName", "Version"}) for call in world.calls if call.op == U] == [
        ["OptionSettings"],
        ["VersionLabel"],
    ]
