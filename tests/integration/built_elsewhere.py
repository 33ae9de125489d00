"""A shop whose bundles somebody else builds, its server at a real port, and an account of Elastic Beanstalk at another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from sealane import composition
from sealane.server import application
from sealane.settings.model import Settings
from tests.aws import credentials, hurried
from tests.aws.bundles import archive
from tests.aws.server import listening
from tests.aws.world import World
from tests.integration.inside import Inside
from tests.serving import free_port

PIPELINE = "app: shop\nsteps: [{name: test, image: busybox, commands: [test]}]\n"
FORMATION = """formation: NAME
environment: NAME
destination: here
namespace: shop
strategy: {healthy_for: 0s}
"""
STENCIL = """apiVersion: elasticbeanstalk.amazonaws.com/v1
kind: Environment
metadata: {name: "shop-${formation}"}
spec:
  VersionLabel: "${deploy_tag}"
  SourceBundle: {S3Bucket: "${bundle.bucket}", S3Key: "${bundle.key}"}
"""
ENVIRONMENT = """environment: NAME
destinations: {here: {elastic_beanstalk: {region: eu-central-1, bucket: acme-sealane, endpoint: "ADDRESS"}}}
apps:
  shop: {namespaces: [shop], registries: ["registry.example.com/**"], artifacts: ["builds/*"]MORE}
policies: {packs: []}
"""
ASKS = ", approvals: {by: [sre], count: 1}"


class _Uvicorn(uvicorn.Server):
    """It leaves alone how this process takes signals: tests that come later need their own way."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


class BuiltElsewhere(Inside):
    """All three, once they were started."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.aws: World
        self.url = ""
        self.client: httpx.AsyncClient
        self.files = {
            ".sealane.yml": PIPELINE,
            "deploy/stencils/environment.yaml": STENCIL,
            **{f"deploy/formations/{name}.yaml": FORMATION.replace("NAME", name) for name in ("dev", "production")},
        }

    async def start(self) -> None:
        """Starts a server over the shop's folder."""
        self.settings = Settings(
            data=self.shop.data, engine={"kind": "dummy"}, worker={"poll": 0.25, "sweep": 0.2, "heartbeat": 0.5}
        )
        self.server = await composition.start(self.settings, lost=lambda: None, adapters=hurried.HURRIED)

    def allow(self, name: str, more: str = "", **changed: str) -> None:
        """Writes the operators' file."""
        text = ENVIRONMENT.replace("NAME", name).replace("ADDRESS", self.aws.address).replace("MORE", more)
        for old, new in changed.items():
            assert old in text
            text = text.replace(old, new)
        (self.shop.data / "config" / "environments" / f"{name}.yaml").write_text(text)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """All three, with two environments that run version v1, until the end."""
        with credentials.in_environment(), listening() as port, port.serving(hurried.account()) as self.aws:
            self.aws.buckets["builds"] |= {f"{name}.zip": archive() for name in ("v2", "v3", "other")}
            for name in ("dev", "production"):
                self.aws.environment(f"shop-{name}", "shop", "v1")
                self.allow(name)
            async with self.knowing_the_shop(), self._listening():
                await self.push_files("first", self.files)
                yield

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        app = application.create(self.settings)
        app.state.server = self.server
        number = free_port()
        server = _Uvicorn(
            uvicorn.Config(app, port=number, log_config=None, access_log=False, ws="none", lifespan="off")
        )
        serving = asyncio.create_task(server.serve())
        self.url = f"http://127.0.0.1:{number}"
        assert self.server.first_token
        head = {"Authorization": f"Bearer {self.server.first_token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=head, timeout=90, verify=False) as self.client:
            while not server.started:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
            yield
        server.should_exit = True
        await serving

    async def user(self, name: str, *groups: str) -> dict[str, str]:
        """A person's header."""
        made = await self.client.post("/api/users", json={"name": name, "groups": list(groups)})
        assert made.status_code < 300, made.text
        return {"Authorization": f"Bearer {made.json()['token']}"}

    async def ask(self, *, key: str | None = None, head: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Asks for a deployment of version v2."""
        what = {
            "app": "shop",
            "formation": "dev",
            "version": "v2",
            "bundle": {"s3": "s3://builds/v2.zip"},
            "adopt": True,
        }
        headers = {**(head or {}), **({"Idempotency-Key": key} if key else {})}
        return await self.client.post("/api/deployments", json={**what, **more}, headers=headers)

    async def state(self, asked: httpx.Response) -> dict[str, Any]:
        """How it ended, by long polling."""
        assert asked.status_code == 202, asked.text
        cursor, told = "", {"ended": False}
        while not told["ended"]:
            answer = await self.client.get(f"{asked.headers['Location']}/state?wait=30{cursor}")
            told = answer.json()
            cursor = f"&after={told['cursor']}"
        return told
