"""kill -9 while a run builds, pushes and retags images on a real engine and a real registry."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest

from sealane.clients import registry as registries
from sealane.clients import registry_copy
from sealane.images import references
from sealane.records.views import RunView

from .killing import Nursery, World, nursery, told_end
from .nursery import Order
from .shop import ENVIRONMENT, Shop, pushed

PIPELINE = """app: shop
steps:
  - {name: smoke, image: "${image.web}", commands: ["cat /built"], needs: [web]}
images:
  web: {build: ., needs: []}
  cache: {retag: BASE}
deliver:
  - formation: dev
"""
DOCKERFILE = """FROM BASE
COPY words /words
RUN echo "began $(head -c 16 /dev/urandom | md5sum)" && sleep 1
RUN head -c 16 /dev/urandom | md5sum > /built
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
strategy: {healthy_for: 0s}
"""
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: "${deploy_tag}"}}
    spec:
      containers:
        - {name: web, image: "${image.web}"}
        - {name: cache, image: "${image.cache}"}
"""


class Podium:
    """The engine, asked by other means than the product's, and what stood in it before."""

    def __init__(self, socket: str) -> None:
        self._api = docker.APIClient(base_url=f"unix://{socket}", timeout=60)
        self._before = self._building()

    def close(self) -> None:
        self._api.close()

    def images(self, prefix: str) -> list[str]:
        """Names of the engine's images that begin with the prefix."""
        names = (name for image in self._api.images() for name in image["RepoTags"] or ())
        return sorted(name for name in names if name.startswith(prefix))

    def forget(self, prefix: str) -> None:
        """Removes them with the layers that only they have: who builds again builds another image."""
        for name in self.images(prefix):
            self._api.remove_image(name, force=True)

    def traces(self, run: str) -> list[str]:
        """Containers, volumes and networks of the run, and containers of builds that were not there before."""
        mine = {"label": f"sealane.run={run}"}
        return [
            *(container["Id"] for container in self._api.containers(all=True, filters=mine)),
            *(volume["Name"] for volume in self._api.volumes(filters=mine)["Volumes"] or ()),
            *(network["Name"] for network in self._api.networks(filters=mine)),
            *sorted(self._building() - self._before),
        ]

    def _building(self) -> set[str]:
        query = {"all": "true", "external": "true"}
        answer = self._api.get(f"{self._api.base_url}/v4.0.0/libpod/containers/json", params=query)
        return {container["Id"] for container in answer.json() if container["State"] == "storage"}


@dataclass
class Place:
    """An app whose images go to a part of the registry of its own."""

    shop: Shop
    world: World
    engine: str
    host: str
    prefix: str
    podium: Podium
    base: str
    """What the images begin with; a tag that moves when the retagged image is in the registry and not yet recorded."""
    other: str
    """What it moves to."""
    seen: dict[str, set[str]] = field(default_factory=dict)
    """Digests that each image's tags were found to have, by image and tag."""

    def order(self, **more: Any) -> Order:
        return Order(data=str(self.world.data), engine=self.engine, registry=f"{self.host}/{self.prefix}", **more)

    async def look(self) -> None:
        """Notes what the registry has, and takes the engine's copies away: what is built again gets another digest."""
        for name in ("web", "cache"):
            for tag in await self.tags(name):
                digest = await registries.digest(references.parse(f"{self.host}/{self.prefix}/shop/{name}:{tag}"))
                self.seen.setdefault(f"{name}:{tag}", set()).add(digest)
        self.podium.forget(f"{self.host}/{self.prefix}/shop/")

    async def tags(self, name: str) -> list[str]:
        async with httpx.AsyncClient(base_url=f"http://{self.host}", timeout=60) as client:
            answer = await client.get(f"/v2/{self.prefix}/shop/{name}/tags/list")
        tags_listed: list[str] = answer.json().get("tags") or [] if answer.status_code == 200 else []
        return tags_listed

    async def run(self) -> RunView:
        async with self.world.answering() as server:
            (run,) = await server.views.runs()
            return await server.views.run(run.id)

    def deployed(self) -> dict[str, str]:
        """Images of the destination's containers."""
        state = (self.world.data / "dummies" / "dev" / "here.json").read_bytes()
        (deployment_there,) = [
            manifest["manifest"] for manifest in _objects(state) if manifest["manifest"]["kind"] == "Deployment"
        ]
        return {
            container["name"]: container["image"]
            for container in deployment_there["spec"]["template"]["spec"]["containers"]
        }


def _objects(state: bytes) -> list[dict[str, Any]]:
    return list(json.loads(state)["objects"].values())


@pytest.fixture
async def place(
    tmp_path: Path, engine_socket: str, registry: str, busybox_image: str, python_image: str
) -> AsyncIterator[Place]:
    """The app, pushed, with a run that waits."""
    prefix = f"t{secrets.token_hex(4)}"
    podium = Podium(engine_socket)
    base = f"{registry}/{prefix}/base:1"
    await registry_copy.copy(references.parse(busybox_image), references.parse(base))
    shop = Shop(tmp_path)
    (shop.data / "config" / "environments" / "dev.yaml").write_text(
        ENVIRONMENT.replace("registry.example.com", registry)
    )
    world = World(data=shop.data, database=None)
    commit = shop.commit_files(
        "v1",
        {
            ".sealane.yml": PIPELINE.replace("BASE", base),
            "Dockerfile": DOCKERFILE.replace("BASE", base),
            "words": prefix,
            "deploy/formations/dev.yaml": FORMATION,
            "deploy/stencils/web.yaml": STENCIL,
        },
    )
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(commit))
    yield Place(
        shop=shop,
        world=world,
        engine=f"unix://{engine_socket}",
        host=registry,
        prefix=prefix,
        podium=podium,
        base=base,
        other=python_image,
    )
    podium.forget(f"{registry}/{prefix}/")
    podium.close()


async def _killed_everywhere(place: Place, workers: Nursery) -> list[str]:
    killed: list[str] = []
    while True:
        done = await workers.work(place.order(spared=killed))
        await place.look()
        if done["code"] == 0:
            return killed
        assert done["code"] == -signal.SIGKILL, told_end(done["code"], place.world)
        killed.append(done["boundaries"][-1])
        if killed[-1] == "image/cache done":
            await registry_copy.copy(references.parse(place.other), references.parse(place.base))


async def test_images_are_the_same_wherever_the_worker_was_killed(
    place: Place,
) -> None:
    """One deploy tag; what was pushed once is never built again, and is what is deployed; nothing is left behind."""
    workers = nursery()
    in_the_build = await workers.work(place.order(killed_when_printed="began"))
    assert in_the_build["code"] == -signal.SIGKILL, await place.run()
    await place.look()
    assert await place.tags("web") == []
    killed = await _killed_everywhere(place, workers)

    assert {"image/web done", "image/cache done", "step/smoke done", "release done", "finish done"} <= set(killed)
    view = await place.run()
    assert view.run.status.value == "passed", view
    assert view.release is not None
    tag = view.run.deploy_tag
    assert (await place.tags("web"), await place.tags("cache")) == ([tag], [tag])
    assert {name: len(digests) for name, digests in place.seen.items()} == {f"web:{tag}": 1, f"cache:{tag}": 1}
    pushed_ones = {name.partition(":")[0]: next(iter(digests)) for name, digests in place.seen.items()}
    assert {name: image.digest for name, image in view.release.images.items()} == pushed_ones
    repository = f"{place.host}/{place.prefix}/shop"
    assert place.deployed() == {name: f"{repository}/{name}@{digest}" for name, digest in pushed_ones.items()}
    async with asyncio.timeout(120):  # the engine ends what it did for a killed worker by itself
        while place.podium.traces(view.run.id):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
