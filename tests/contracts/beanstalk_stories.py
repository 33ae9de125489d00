"""Deployments to the stand-in of Elastic Beanstalk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sealane.clients.aws.beanstalk import Beanstalk
from sealane.clients.aws.buckets import Bucket
from sealane.deployments import model as rollouts
from sealane.destinations.elastic_beanstalk import records
from sealane.destinations.elastic_beanstalk.destination import BeanstalkDestination
from sealane.journal import Journal
from tests.aws.world import World
from tests.contracts.aws_stories import BUCKET, Amazon, Story, pace
from tests.rollouts import Ended


class Teller(Story[BeanstalkDestination]):
    """Deploys versions of one environment."""

    def manifest(self, label: str, *, name: str = "shop-prod", **more: Any) -> dict[str, Any]:
        """An environment that runs a version."""
        spec = {"ApplicationName": "shop", "VersionLabel": label, **more}
        return {
            "apiVersion": "elasticbeanstalk.amazonaws.com/v1",
            "kind": "Environment",
            "metadata": {"name": name},
            "spec": spec,
        }

    async def plan(
        self, manifest: dict[str, Any], *, back: dict[str, Any] | None = None, **more: Any
    ) -> rollouts.DeploymentPlan:
        """The next deployment."""
        return await self.planned([manifest], back=[back] if back else None, **more)

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
        return await self.told(plan or await self.plan(manifest, back=back, **more), journal=journal)


@contextmanager
def telling(aws: Amazon, world: World, *, hurry: float = 1, **more: Any) -> Iterator[Teller]:
    """An account, and whoever deploys there."""
    with aws.port.serving(world):
        kept = records.of(Bucket(aws.account, BUCKET))
        time = pace(world, hurry=hurry)
        destination = BeanstalkDestination(Beanstalk(aws.account), kept, region="eu-central-1", pace=time, **more)
        yield Teller(world, destination)
