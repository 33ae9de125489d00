"""Deployments to the stand-in of Elastic Beanstalk, told by the product's own story in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sealane.clients.aws.account import Access, Account
from sealane.clients.aws.beanstalk import Beanstalk
from sealane.clients.aws.buckets import Bucket
from sealane.deployments import model as rollouts
from sealane.deployments import targets
from sealane.deployments.steps.work import Context
from sealane.destinations import model
from sealane.destinations.aws.pace import Pace
from sealane.destinations.elastic_beanstalk import records
from sealane.destinations.elastic_beanstalk.destination import BeanstalkDestination
from sealane.destinations.stages import Shape
from sealane.journal import Journal
from tests.aws.server import Port, listening
from tests.aws.world import World
from tests.rollouts import Ended, roll_out

BUCKET = "sealane-state"


@dataclass
class Teller:
    """Deploys versions of one environment."""

    world: World
    destination: BeanstalkDestination
    sequence: int = 0

    def manifest(self, label: str, *, name: str = "shop-prod", **more: Any) -> dict[str, Any]:
        """An environment that runs a version."""
        spec = {"ApplicationName": "shop", "VersionLabel": label, **more}
        return {
            "apiVersion": "elasticbeanstalk.amazonaws.com/v1",
            "kind": "Environment",
            "metadata": {"name": name},
            "spec": spec,
        }

    def target(self, manifest: dict[str, Any], *, sequence: int, **more: Any) -> rollouts.Target:
        """A revision of nothing but that."""
        label = str(manifest["spec"]["VersionLabel"])

        async def objects() -> list[dict[str, Any]]:
            return [manifest]

        return rollouts.Target(
            identity=model.Identity(
                app="shop",
                formation="prod",
                namespace="shop",
                revision=f"r-{manifest['metadata']['name']}-{label}",
                sequence=sequence,
            ),
            objects=objects,
            manifests=[manifest],
            shape=Shape(),
            shaper=self.destination.in_stages,
            **{"healthy_for": timedelta(), "deadline": timedelta(minutes=10), **more},
        )

    async def plan(
        self, manifest: dict[str, Any], *, back: dict[str, Any] | None = None, **more: Any
    ) -> rollouts.DeploymentPlan:
        """The next deployment."""
        self.sequence += 1
        goal = self.target(manifest, sequence=self.sequence, **more)
        previous = self.target(back, sequence=self.sequence, **more) if back else None
        survey = await targets.survey(self.destination, goal, previous)
        forward, old = targets.shaped(goal, previous, survey)
        return rollouts.DeploymentPlan(goal=forward, previous=old, adopt=True)

    async def deploy(
        self,
        manifest: dict[str, Any],
        *,
        back: dict[str, Any] | None = None,
        journal: Journal | None = None,
        plan: rollouts.DeploymentPlan | None = None,
        **more: Any,
    ) -> Ended:
        """Deploys it to its end; `back` is what it goes back to."""
        plan = plan or await self.plan(manifest, back=back, **more)
        return await roll_out(plan, self.destination, context=Context(now=self.world.clock.now), journal=journal)


@dataclass(frozen=True)
class Amazon:
    """A port for accounts, and one signed-in client of it: making those anew takes longer than a deployment."""

    port: Port
    account: Account

    @contextmanager
    def telling(self, world: World, *, hurry: float = 1, **more: Any) -> Iterator[Teller]:
        """An account, and whoever deploys there; looks are `hurry` times as far apart as they would be."""
        with self.port.serving(world):
            yield Teller(world, destination(world, self.account, hurry=hurry, **more))


@contextmanager
def amazon() -> Iterator[Amazon]:
    """Both, until the end."""
    with listening() as port:
        yield Amazon(port, Account(Access(region="eu-central-1", endpoint=port.address)))


def destination(world: World, account: Account, *, hurry: float, **more: Any) -> BeanstalkDestination:
    """The product's own, in the world's time."""

    async def sleep(seconds: float) -> None:
        world.clock.advance(seconds * hurry)
        for _ in range(3):
            await asyncio.sleep(0)

    pace = Pace(now=world.clock.now, sleep=sleep)
    kept = records.of(Bucket(account, BUCKET))
    return BeanstalkDestination(Beanstalk(account), kept, region="eu-central-1", pace=pace, **more)
