"""Linear, canary and blue-green deployments of ECS that wait for a person: what the word does, and what happens without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from sealane.deployments.gates.model import GateResult
from sealane.deployments.hooks_and_gates import HooksAndGates
from sealane.destinations.ecs import pauses
from sealane.verdicts.model import VerdictKind
from tests import crashing
from tests.aws import service_timelines as timelines
from tests.aws.cluster import Roll, Timeline
from tests.aws.services import Deployment, Service
from tests.aws.world import World
from tests.contracts.aws_stories import Amazon, Manifest
from tests.contracts.ecs_stories import Teller, fresh, revision, telling

R, U, STOP, GO_ON = "RegisterTaskDefinition", "UpdateService", "StopServiceDeployment", "ContinueServiceDeployment"
K = VerdictKind
TEST, BEFORE_IT, AFTER_IT = "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"


def strategy(name: str, *stages: str, **more: Any) -> dict[str, Any]:
    """The service's own, with a hook that waits for a person at each of the stages."""
    hooks = [{"targetType": "PAUSE", "lifecycleStages": [stage]} for stage in stages]
    return {"strategy": name, "bakeTimeInMinutes": 5, "lifecycleHooks": hooks, **more}


CANARY = strategy("CANARY", BEFORE_IT, canaryConfiguration={"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5})
LINEAR = strategy("LINEAR", BEFORE_IT, AFTER_IT, linearConfiguration={"stepPercent": 30.0})
BLUE_GREEN = strategy("BLUE_GREEN", TEST)


@dataclass
class Person:
    """Who is asked, and what happens meanwhile."""

    world: World
    says: bool | None = True
    meanwhile: Callable[[World], None] = lambda _: None
    asked: list[tuple[str, float]] = field(default_factory=list)
    """Each gate, and how much traffic the new tasks had when it asked."""

    async def __call__(self, checked: GateResult) -> bool | None:
        self.asked.append((checked.gate, last(self.world).weight))
        self.world.clock.advance(600)
        self.world.settle()
        self.meanwhile(self.world)
        return self.says


def web(world: World) -> Service:
    return world.cluster.services["shop", "web"]


def last(world: World) -> Deployment:
    return web(world).deployments[-1]


def objects(version: str, settings: dict[str, Any], **more: Any) -> list[Manifest]:
    return revision(version, deploymentConfiguration=settings, **more)


async def told(teller: Teller, person: Person, settings: dict[str, Any], **more: Any) -> Any:
    """The second version, with its person's word."""
    wanted = objects("b2", settings)
    plan = await teller.planned(wanted, back=objects("a1", settings))
    return await teller.told(plan, beside=HooksAndGates(gates=pauses.gates(wanted)), ask=person, **more)


def alarm(world: World) -> None:
    """Alarms ring while somebody thinks, and the service goes back by itself."""
    service, own = web(world), last(world)
    rollout = next(each for each in service.rollouts if each.id == own.rollout)
    roll = Roll(cluster=world.cluster, service=service, rollout=rollout, deployment=own, before=own.before)
    world.forget(service.arn)
    world.begin(
        service.arn, lambda roll: [(0, roll.goes_back("an alarm", alarms=("errors-high",))), (60, roll.back())], roll
    )


def by_hand(world: World) -> None:
    """Somebody continues it past Sealane."""
    world.go_on(last(world).arn, "approve", "CONTINUE")


def a_day(world: World) -> None:
    world.clock.advance(86400 + 120)
    world.settle()


ONCE = [timelines.paused(BEFORE_IT, "approve")]
TWICE = [timelines.then_paused(AFTER_IT, "again"), timelines.to_the_end]


@pytest.mark.parametrize(
    ("settings", "says", "meanwhile", "continued", "verdict", "writes", "asked", "reason"),
    [
        (CANARY, True, None, [timelines.in_steps], K.DEPLOYED, (R, U, GO_ON), 1, ""),
        (LINEAR, True, None, TWICE, K.DEPLOYED, (R, U, GO_ON, GO_ON), 2, ""),
        (CANARY, False, None, [], K.ROLLED_BACK, (R, U, STOP), 1, "pre-production-traffic-shift"),
        (CANARY, None, a_day, [], K.ROLLED_BACK, (R, U), 1, "pre-production-traffic-shift"),
        (CANARY, True, a_day, [], K.ROLLED_BACK, (R, U), 1, "hook timed out"),
        (CANARY, True, alarm, [], K.ROLLED_BACK, (R, U), 1, "alarm errors-high"),
        (CANARY, True, by_hand, [timelines.in_steps], K.DEPLOYED, (R, U), 1, ""),
    ],
    ids=["canary", "linear, two hooks", "refused", "nobody says anything", "too late", "alarm", "by hand"],
)
async def test_a_hook_is_an_approval(
    aws: Amazon,
    settings: dict[str, Any],
    says: bool | None,
    meanwhile: Any,
    continued: list[Timeline],
    verdict: VerdictKind,
    writes: tuple[str, ...],
    asked: int,
    reason: str,
) -> None:
    world = fresh(deploymentConfiguration=settings)
    with telling(aws, world, hurry=4) as teller:
        await teller.deploy(objects("a1", settings))
        world.calls.clear()
        world.cluster.scripts["web"], world.cluster.continued = list(ONCE), list(continued)
        person = Person(world, says, meanwhile or (lambda _: None))
        ended = await told(teller, person, settings)
    assert (ended.verdict.kind, tuple(world.writes())) == (verdict, writes), ended.verdict.reason
    assert reason in ended.verdict.reason
    names = [("pre-production-traffic-shift", 0.0), ("post-production-traffic-shift", 100.0)]
    assert person.asked == names[:asked]
    assert web(world).primary.definition.endswith(":2" if verdict is K.DEPLOYED else ":1")


async def test_nobody_is_asked_where_nothing_is_deployed_or_on_the_way_back(aws: Amazon) -> None:
    """Another number of tasks is no deployment. What the service itself can't roll back is led past its hooks."""
    world = fresh(deploymentConfiguration=CANARY)
    with telling(aws, world, hurry=4) as teller:
        await teller.deploy(objects("a1", CANARY))
        person = Person(world)
        wanted = objects("a1", CANARY, desiredCount=3)
        plan = await teller.planned(wanted)
        ended = await teller.told(plan, beside=HooksAndGates(gates=pauses.gates(wanted)), ask=person)
        assert (ended.verdict.kind, person.asked) == (K.DEPLOYED, [])
        world.calls.clear()
        hook = timelines.paused(BEFORE_IT, "back")
        world.cluster.scripts["web"] = [*ONCE, hook]
        world.cluster.continued = [stuck_after_alarm, timelines.in_steps]
        ended = await told(teller, person, CANARY)
    assert (ended.verdict.kind, world.writes()) == (K.ROLLED_BACK, [R, U, GO_ON, U, GO_ON]), ended.verdict.reason
    assert len(person.asked) == 1


def stuck_after_alarm(roll: Roll) -> list[tuple[float, Any]]:
    def fails(at: Any) -> None:
        roll.service.primary.end("FAILED", "tasks failed to start")
        roll.deployment.move("ROLLBACK_FAILED", at=at)

    return [(20, roll.goes_back("an alarm", alarms=("errors-high",))), (80, fails)]


async def test_a_kill_at_every_step_continues_no_hook_twice(aws: Amazon) -> None:
    """Neither the one that a person approved nor one that nobody has seen."""
    at = 2 - crashing.BOUNDARIES
    while True:
        at += crashing.BOUNDARIES
        world = fresh(deploymentConfiguration=LINEAR)
        with telling(aws, world, hurry=10) as teller:
            await teller.deploy(objects("a1", LINEAR))
            world.calls.clear()
            world.cluster.scripts["web"], world.cluster.continued = list(ONCE), list(TWICE)
            person, wanted = Person(world), objects("b2", LINEAR)
            plan = await teller.planned(wanted, back=objects("a1", LINEAR))
            beside = HooksAndGates(gates=pauses.gates(wanted))

            async def story(
                journal: crashing.Crashing, teller: Teller = teller, plan: Any = plan, beside: Any = beside,
                person: Person = person,
            ) -> Any:  # fmt: skip
                return await teller.told(plan, journal=journal, beside=beside, ask=person)

            ended = await crashing.told(story, at=at)
        if ended is None:
            break
        assert ended.verdict.kind is K.DEPLOYED, f"killed at {at}: {ended.verdict.reason}"
        assert world.writes() == [R, U, GO_ON, GO_ON], f"killed at {at}"
    assert at > 5
