"""Deployments to the stand-in of AWS, told by the product's own story in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from sealane import hashing
from sealane.clients.aws.account import Access, Account, Answer
from sealane.deployments import model as rollouts
from sealane.deployments import targets
from sealane.deployments.steps.work import Context
from sealane.destinations import model
from sealane.destinations.aws.pace import Pace
from sealane.destinations.port import Destination
from sealane.destinations.stages import Shape
from sealane.journal import Journal
from tests.aws import credentials
from tests.aws.server import Port, listening
from tests.aws.world import World
from tests.rollouts import Ended, roll_out

BUCKET = "sealane-state"
D = TypeVar("D", bound=Destination)
Manifest = dict[str, Any]


@dataclass
class Story(Generic[D]):
    """Deploys revisions of a few objects."""

    world: World
    destination: D
    sequence: int = 0

    def target(self, manifests: Sequence[Manifest], *, sequence: int, **more: Any) -> rollouts.Target:
        """A revision of nothing but those."""

        async def objects() -> Sequence[Manifest]:
            return manifests

        return rollouts.Target(
            identity=model.Identity(
                app="shop",
                formation="prod",
                namespace="shop",
                revision=hashing.content_id(list(manifests)),
                sequence=sequence,
            ),
            objects=objects,
            manifests=manifests,
            shape=Shape(),
            shaper=self.destination.in_stages,
            **{"healthy_for": timedelta(), "deadline": timedelta(minutes=10), **more},
        )

    async def planned(
        self, manifests: Sequence[Manifest], *, back: Sequence[Manifest] | None = None, **more: Any
    ) -> rollouts.DeploymentPlan:
        """The next deployment; `back` is what it goes back to."""
        self.sequence += 1
        target = self.target(manifests, sequence=self.sequence, **more)
        previous = self.target(back, sequence=self.sequence, **more) if back else None
        survey = await targets.survey(self.destination, target, previous)
        forward, old = targets.shaped(target, previous, survey)
        return rollouts.DeploymentPlan(target=forward, previous=old, adopt=True)

    async def told(self, plan: rollouts.DeploymentPlan, *, journal: Journal | None = None, **memory: Any) -> Ended:
        """Deploys it to its end."""
        context = Context(now=self.world.clock.now)
        return await roll_out(plan, self.destination, context=context, journal=journal, **memory)


@dataclass(frozen=True)
class Amazon:
    """A port for accounts, and one signed-in client of it: making those anew takes longer than a deployment."""

    port: Port
    account: Account


class Inside(Account):
    """The product's own account, asked in this thread and answered without a socket."""

    def __init__(self, access: Access, port: Port) -> None:
        super().__init__(access)
        self._port, self._met = port, set[str]()

    async def call(self, service: str, operation: str, /, **given: Any) -> Answer:
        return self._call(service, operation, given)

    def _client(self, service: str) -> Any:
        client = super()._client(service)
        if service not in self._met:
            self._met.add(service)
            self._port.inside(client)
        return client


@contextmanager
def amazon() -> Iterator[Amazon]:
    """Both, until the end."""
    with credentials.in_environment(), listening() as port:
        yield Amazon(port, Inside(Access(region="eu-central-1", endpoint=port.address), port))


def pace(world: World, *, hurry: float = 1, **more: Any) -> Pace:
    """The world's time; looks are `hurry` times as far apart as they would be."""

    async def sleep(seconds: float) -> None:
        world.clock.advance(seconds * hurry)
        for _ in range(3):
            await asyncio.sleep(0)

    return Pace(now=world.clock.now, sleep=sleep, **more)
