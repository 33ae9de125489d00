"""Watching what a deployment left: told whenever it fares otherwise, of what the revision has and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.deployments import health_watch, model
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.errors import Unavailable
from sealane.formations.health_checks import HealthCheck
from sealane.verdicts import model as verdicts
from sealane.verdicts.health import FormationHealth

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
IDENTITY = destinations.Identity(app="shop", formation="dev", namespace="shop", revision="sha256:1")


def config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def seen(*, ready: bool, words: str = "") -> verdicts.Observation:
    workload = verdicts.Workload(
        object="Deployment/web",
        health=verdicts.Health.READY if ready else verdicts.Health.CONVERGING,
        desired=1,
        updated=1,
        ready=int(ready),
        old=0,
        ready_since=NOW if ready else None,
        message="",
    )
    image = {"image": "shop:2"}
    fact = verdicts.Fact(
        kind=verdicts.FactKind.IMAGE_MISSING, object="Pod/web-1", workload="Deployment/web", since=NOW, words=words,
        detail=image, container="app",
    )  # fmt: skip
    return verdicts.Observation(at=NOW, workloads=(workload,), facts=() if ready else (fact,))


class Showing(DummyDestination):
    """A destination that shows what a test gives, one after the other."""

    def __init__(self, *shown: verdicts.Observation) -> None:
        super().__init__()
        self.shown = shown
        self.wanted: destinations.Inventory = ()
        self.told = asyncio.Event()

    async def observe(
        self, identity: destinations.Identity, wanted: destinations.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        self.wanted = wanted
        for state_shown in self.shown:
            self.told.clear()
            yield state_shown
            await self.told.wait()


async def followed(destination: Showing, *, most: int, **more: Any) -> list[FormationHealth]:
    """What was told, until it was so much."""
    told: list[FormationHealth] = []

    async def tell(said: FormationHealth) -> bool:
        told.append(said)
        destination.told.set()
        return len(told) < most

    target = model.Target(
        identity=IDENTITY,
        objects=lambda: asyncio.sleep(0, []),
        manifests=(config_map("words"),),
        finished=("Job/migrate",),
    )
    stays = await destination.refs([config_map("words"), config_map("older")], namespace="shop")
    inventory = tuple(ref.with_uid("u1") for ref in stays)
    by = health_watch.HealthContext(tell=tell, now=lambda: NOW + timedelta(hours=1), **more)
    await health_watch.follow(destination, target, inventory, by)
    return told


async def test_each_change_is_told_until_nobody_wants_to_hear() -> None:
    destination = Showing(seen(ready=True), seen(ready=False), seen(ready=True))
    told = await followed(destination, most=3)
    assert [(health.state, health.object) for health in told] == [
        ("healthy", None),
        ("degraded", "Pod/web-1"),
        ("healthy", None),
    ]
    assert [(ref.name, ref.uid) for ref in destination.wanted] == [("words", "u1")]


async def test_what_is_told_is_masked() -> None:
    """The mask is asked for when there is something to hide."""
    asked = []

    async def masking() -> Any:
        asked.append(1)
        return lambda text: text.replace("s3cret", "***")

    assert [health.state for health in await followed(Showing(seen(ready=True)), most=1, masking=masking)] == [
        "healthy"
    ]
    assert not asked
    shown = seen(ready=False, words="token s3cret is unknown")
    (told,) = await followed(Showing(shown), most=1, masking=masking)
    assert told.cause.endswith("(token *** is unknown).")


async def test_a_destination_that_ends_telling_is_none_to_believe() -> None:
    with pytest.raises(Unavailable, match="stopped telling"):
        await followed(Showing(seen(ready=True)), most=9)
