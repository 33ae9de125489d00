"""Deployments to the stand-in of ECS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sealane.clients.aws.buckets import Bucket
from sealane.clients.aws.ecs_model import CONTENT
from sealane.deployments import model as rollouts
from sealane.destinations.ecs import records
from sealane.destinations.ecs.destination import EcsDestination
from sealane.destinations.ecs.looks import PACE
from sealane.destinations.ecs.model import content_of, fields_of
from sealane.journal import Journal
from tests.aws.world import World
from tests.contracts.aws_stories import BUCKET, Amazon, Manifest, Story, pace
from tests.rollouts import Ended

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BEFORE, AFTER = (f"arn:aws:ecs:eu-central-1:123456789012:task-definition/app:{number}" for number in (1, 2))


def definition(version: str, *, name: str = "app", **more: Any) -> Manifest:
    """A task definition of one container."""
    options = {"awslogs-group": "/shop", "awslogs-stream-prefix": "web", "awslogs-region": "eu-central-1"}
    container = {
        "name": "app",
        "image": f"registry.example.com/shop@sha256:{version * 32}",
        "essential": True,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    spec = {"containerDefinitions": [container], "cpu": "256", "memory": "512", **more}
    return {"apiVersion": "ecs.amazonaws.com/v1", "kind": "TaskDefinition", "metadata": {"name": name}, "spec": spec}


def service(*, name: str = "web", **more: Any) -> Manifest:
    """A service of it."""
    spec = {"taskDefinition": "app", **more}
    return {"apiVersion": "ecs.amazonaws.com/v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def revision(version: str, **more: Any) -> list[Manifest]:
    """Both."""
    return [service(**more), definition(version)]


def fresh(**fields: Any) -> World:
    """A service of two tasks, which is well with `app:1`; nobody has told Sealane of it."""
    world = World()
    first = definition("a1")
    tag = {"key": CONTENT, "value": content_of(fields_of(first))}
    made = world.cluster.define("app", **first["spec"], tags=[tag])
    world.cluster.service("web", made.arn, world.clock.now(), **fields)
    world.cluster.streams["/shop", "web/app"] = ["boom: no such table"]
    return world


class Teller(Story[EcsDestination]):
    """Deploys revisions of one service."""

    async def deploy(
        self,
        manifests: list[Manifest],
        *,
        back: list[Manifest] | None = None,
        journal: Journal | None = None,
        plan: rollouts.DeploymentPlan | None = None,
        memory: dict[str, Any] | None = None,
        **more: Any,
    ) -> Ended:
        """Deploys it to its end; `back` is what it goes back to."""
        plan = plan or await self.planned(manifests, back=back, **more)
        return await self.told(plan, journal=journal, **(memory or {}))

    async def first(self) -> None:
        """What runs before is Sealane's; the calls for it are not counted."""
        ended = await self.deploy(revision("a1"))
        assert ended.verdict.kind == "deployed", ended.verdict.reason
        self.world.calls.clear()


@contextmanager
def telling(aws: Amazon, world: World, *, hurry: float = 1) -> Iterator[Teller]:
    """An account, and whoever deploys there."""
    with aws.port.serving(world):
        kept = records.of(Bucket(aws.account, BUCKET))
        time = pace(world, hurry=hurry, ladder=PACE.ladder, last=PACE.last)
        yield Teller(world, EcsDestination(aws.account, kept, region="eu-central-1", pace=time))
