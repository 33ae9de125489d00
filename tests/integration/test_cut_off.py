"""A destination that is cut off for longer than anything that goes on there: nothing is lost, nothing is done twice, nothing guessed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from sealane import composition
from sealane.adapters import SHIPPED
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.records.deployments import Deployment, DeploymentState
from sealane.settings.model import Settings
from sealane.store.deployment_tables import deployments
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import VerdictKind
from tests.integration.inside import Inside

ADAPTERS = replace(SHIPPED, destinations=SHIPPED.destinations.with_line("cut", "tests.cut_off"))
ENVIRONMENT = """environment: dev
destinations: {here: {cut: {}}}
apps: {shop: {namespaces: [shop], registries: ["registry.example.com/**"]}}
policies: {packs: []}
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
values: {words: WORDS}
strategy: {healthy_for: 0s, patience: 2s, deadline: 3s, watch_for: 10m}
"""
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example.com/shop:1", env: [{name: WORDS, value: "${words}"}MORE]}
"""


class Place(Inside):
    """A server whose destination can be cut off."""

    async def start(self) -> None:
        (self.shop.data / "config" / "environments" / "dev.yaml").write_text(ENVIRONMENT)
        worker = {"poll": 0.02, "sweep": 0.2, "heartbeat": 0.5}
        settings = Settings(data=self.shop.data, engine={"kind": "dummy"}, worker=worker)
        self.server = await composition.start(settings, lost=lambda: None, adapters=ADAPTERS)

    @property
    def _folder(self) -> Path:
        return self.shop.data / "dummies" / "dev"

    def cut(self) -> None:
        (self._folder / "cut").touch()

    def cut_after_the_next_write(self) -> None:
        (self._folder / "cut-after-write").touch()

    def crash(self, at: datetime) -> None:
        """What is there now ends first at that time."""
        (self._folder / "crashes").touch()
        os.utime(self._folder / "crashes", (at.timestamp(), at.timestamp()))

    def reconnect(self) -> None:
        (self._folder / "cut").unlink()

    def written(self) -> list[tuple[str, int]]:
        """Each write of the workload, with the generation that it made."""
        journal = DummyDestination(State(self._folder / "here.json")).journal()
        return [(write.verb, write.generation) for write in journal if write.object.startswith("Deployment")]

    async def pushed(self, words: str, *, more: str = "") -> str:
        """The run of a version."""
        files = {
            ".sealane.yml": "app: shop\ndeliver: [{formation: dev}]\n",
            "deploy/formations/dev.yaml": FORMATION.replace("WORDS", words),
            "deploy/stencils/web.yaml": STENCIL.replace("MORE", more),
        }
        return await self.push_files(words, files)

    async def asked(self, run: str) -> Deployment:
        """The deployment that the run asks for."""
        await self.until(lambda: self.server.store.runs.get(run), lambda found: found.ended)
        return (await self.server.views.run(run)).deployments[0]

    async def deployed(self, words: str) -> Deployment:
        ended = await self.reached((await self.asked(await self.pushed(words))).id)
        assert ended.verdict_kind is VerdictKind.DEPLOYED, ended.verdict
        return ended

    async def fares(self, state: HealthState) -> FormationHealth:
        """How the formation fares, once it fares so."""

        async def look() -> FormationHealth | None:
            return (await self.server.views.overview())[0].health

        found = await self.until(look, lambda health: health is not None and health.state is state)
        assert found is not None
        return found

    async def get(self, found: Deployment) -> Deployment:
        return await self.server.store.deployments.get(found.id)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    async with made.knowing_the_shop():
        yield made


@pytest.mark.parametrize("within", [True, False], ids=["in its time", "after its time"])
async def test_what_degrades_while_nobody_can_look_is_rolled_back_if_it_fell_in_its_time(
    place: Place, *, within: bool
) -> None:
    """It is judged by when it fell, not by when that was seen; until then nothing is said of it but since when nobody can."""
    await place.deployed("one")
    two = await place.deployed("two")
    place.cut()
    await place.fares(HealthState.UNKNOWN)
    assert two.ended is not None
    first_end = two.ended + timedelta(seconds=1)
    place.crash(first_end)
    over = first_end + timedelta(seconds=0.5 if within else -0.5)
    moved = sa.update(deployments).where(deployments.c.id == two.id).values(watched_until=over)
    await place.server.store.database.write(lambda c: c.execute(moved))
    await place.until(_now, lambda now: now > first_end + timedelta(seconds=3))
    assert (await place.get(two)).verdict_kind is VerdictKind.DEPLOYED

    place.reconnect()
    if not within:
        await place.fares(HealthState.DEGRADED)
        assert (await place.get(two)).verdict_kind is VerdictKind.DEPLOYED
        return
    worse = await place.until(lambda: place.get(two), lambda found: found.verdict_kind is VerdictKind.ROLLED_BACK)
    assert worse.verdict is not None
    assert "ended" in worse.verdict.reason
    await place.fares(HealthState.HEALTHY)
    assert len(place.written()) == 3, "each version once, and the way back"


async def test_a_rollout_outlives_a_cut_that_is_longer_than_its_deadline(place: Place) -> None:
    """The time without sight counts for nothing; what was pushed meanwhile comes after it, and each version is written once."""
    await place.deployed("one")
    place.cut_after_the_next_write()
    slow = ', {name: DUMMY_READY_AFTER, value: "6"}'
    two = await place.asked(await place.pushed("two", more=slow))
    await place.until(lambda: place.get(two), lambda deployment: deployment.unreached_since)
    assert len(place.written()) == 2
    cut = datetime.now(UTC)
    three = await place.pushed("three")
    await place.until(_now, lambda now: now > cut + timedelta(seconds=5))
    assert (await place.get(two)).state is DeploymentState.ROLLING_OUT
    assert not (await place.server.store.runs.get(three)).ended

    place.reconnect()
    assert (await place.reached(two.id)).verdict_kind is VerdictKind.DEPLOYED
    assert (await place.reached((await place.asked(three)).id)).verdict_kind is VerdictKind.DEPLOYED
    assert len(place.written()) == 3


async def _now() -> datetime:
    return datetime.now(UTC)
