"""A watch may be behind the write that it is asked about; what it shows from before proves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from sealane.clients.kubernetes import cluster, kinds
from sealane.deployments import apply_phase
from sealane.destinations import model
from sealane.destinations.kubernetes import observe
from sealane.verdicts import model as verdicts
from tests.unit.clients_kubernetes.fake_api import FakeApi, discovered, listing, stream

SINCE = "2026-11-21T02:00:00Z"
WEB = model.ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web", uid="uid-web")


def owned(name: str, version: str, *, by: str = "", revision: str = "") -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": version}
    if by:
        metadata["ownerReferences"] = [{"kind": "Any", "name": by, "uid": f"uid-{by}", "controller": True}]
    if revision:
        metadata["annotations"] = {"deployment.kubernetes.io/revision": revision}
    return metadata | {"creationTimestamp": SINCE}


def deployment(version: str, *, generation: int, observed: int, revision: str) -> dict[str, Any]:
    return {
        "metadata": owned("web", version, revision=revision) | {"generation": generation},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": observed, "updatedReplicas": 1},
    }


def pod(name: str, *, by: str) -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": SINCE}
    return {"metadata": owned(name, "10", by=by), "status": {"phase": "Running", "conditions": [ready]}}


class LateWatch:
    """The former version was ready for an hour; the watch of Deployments tells of the write only when it is let."""

    def __init__(self, api: FakeApi) -> None:
        self.tells = asyncio.Event()
        api.core = discovered(("", "v1", "Pod", "pods"), ("", "v1", "Event", "events"))
        api.groups = discovered(
            ("apps", "v1", "Deployment", "deployments"), ("apps", "v1", "ReplicaSet", "replicasets")
        )
        self.serve(
            api, "/apis/apps/v1/namespaces/shop/deployments", deployment("10", generation=1, observed=1, revision="1")
        )
        self.serve(
            api,
            "/apis/apps/v1/namespaces/shop/replicasets",
            {"metadata": owned("web-old", "9", by="web", revision="1"), "spec": {"replicas": 1}},
        )
        self.serve(api, "/api/v1/namespaces/shop/pods", pod("web-old-1", by="web-old"))
        self.serve(api, "/api/v1/namespaces/shop/events")

    def serve(self, api: FakeApi, path: str, *items: dict[str, Any]) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            if "watch" not in request.query:
                return listing("10", *items)
            if path.endswith("deployments"):
                await self.tells.wait()
                written = deployment("20", generation=2, observed=1, revision="1")
                return await stream(request, ("MODIFIED", written), keep=True)
            return await stream(request, keep=True)

        api.on("GET", path, answer)


@pytest.mark.parametrize(("version", "ready"), [("20", False), ("10", True), (None, True), ("a20", True)])
async def test_the_former_version_is_not_the_written_one(
    api: FakeApi, connected: cluster.Cluster, version: str | None, ready: bool
) -> None:
    """It was written as version 20, and the view still shows version 10; versions that are no numbers say nothing."""
    LateWatch(api)
    wanted = (replace(WEB, resource_version=version),)
    async with asyncio.timeout(60), connected.live(kinds.DEPLOYMENT, namespace="shop"):
        seen = await anext(observe.observe(connected, wanted, namespace="shop"))
    assert seen.everything_ready is ready
    if not ready:
        assert seen.workloads[0].message == "the cluster has not told of its new version yet"


async def test_it_counts_once_the_watch_tells_of_it(api: FakeApi, connected: cluster.Cluster) -> None:
    late = LateWatch(api)
    observations = observe.observe(connected, (replace(WEB, resource_version="20"),), namespace="shop")
    async with asyncio.timeout(60), connected.live(kinds.DEPLOYMENT, namespace="shop"):
        first = await anext(observations)
        late.tells.set()
        second = await anext(observations)
    assert (first.workloads[0].health, second.workloads[0].health) == (verdicts.Health.CONVERGING,) * 2
    assert second.workloads[0].message == "the cluster has not taken in its new version yet"


def test_an_inventory_that_is_kept_has_no_versions() -> None:
    """A cluster restored from a backup counts them anew; a reference is the same whatever its version."""
    written = replace(WEB, resource_version="20")
    assert written == WEB
    assert apply_phase.union((), (written,))[0].resource_version is None
