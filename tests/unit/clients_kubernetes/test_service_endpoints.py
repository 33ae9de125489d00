"""A Service tells how many ready endpoints it has, where the account may see them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from sealane.clients.kubernetes import cluster
from sealane.destinations import model
from sealane.destinations.kubernetes import observe
from tests.unit.clients_kubernetes.fake_api import FakeApi, discovered, listing, status, stream

WEB = model.ObjectRef(group="", version="v1", kind="Service", namespace="shop", name="web", uid="uid-web")
SERVICE = {
    "metadata": {"name": "web", "namespace": "shop", "uid": "uid-web", "resourceVersion": "1"},
    "spec": {"selector": {"run": "web"}},
}
POD = {"metadata": {"name": "web-1", "namespace": "shop", "uid": "uid-1", "labels": {"run": "web"}}}


def part(name: str, family: str, *ready: bool | None, of: str = "uid-web") -> dict[str, Any]:
    owner = {"kind": "Service", "name": "web", "uid": of, "controller": True}
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "ownerReferences": [owner]}
    return {
        "metadata": metadata,
        "addressType": family,
        "endpoints": [{"addresses": ["x"], "conditions": {"ready": one}} for one in ready],
    }


def serve(api: FakeApi, slices: list[dict[str, Any]] | None, service: dict[str, Any] = SERVICE) -> None:
    """The API server with these slices; None: the account may not read them."""
    api.core = discovered(("", "v1", "Pod", "pods"), ("", "v1", "Event", "events"), ("", "v1", "Service", "services"))
    api.groups = discovered(("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"))
    for document in (api.core, api.groups):
        for item in document["items"]:
            item["versions"][0]["resources"][0]["verbs"].append("watch")
    paths = {"/api/v1/namespaces/shop/services": [service], "/api/v1/namespaces/shop/pods": [POD]}
    paths |= {"/api/v1/namespaces/shop/events": [], "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices": slices}
    for path, items in paths.items():

        async def answer(request: web.Request, items: list[dict[str, Any]] | None = items) -> web.StreamResponse:
            if items is None:
                return status(403, "endpointslices is forbidden", reason="Forbidden")
            return await stream(request, keep=True) if "watch" in request.query else listing("1", *items)

        api.on("GET", path, answer)


@pytest.mark.parametrize(
    ("slices", "message"),
    [
        ([part("a", "IPv4", True, False), part("b", "IPv4", True), part("c", "IPv6", True, True)], "2 ready endpoints"),
        ([part("a", "IPv4", False)], "no ready endpoints"),
        ([part("a", "IPv4", True, of="uid-other")], "no ready endpoints"),
        ([], "no ready endpoints"),
    ],
    ids=["two slices and two families", "none ready", "of another Service", "no slice"],
)
async def test_they_are_counted_once(
    api: FakeApi, connected: cluster.Cluster, slices: list[dict[str, Any]], message: str
) -> None:
    serve(api, slices)
    async with asyncio.timeout(60):
        seen = await anext(observe.observe(connected, (WEB,), namespace="shop"))
    assert [(workload.health, workload.message) for workload in seen.workloads] == [("ready", message)]


async def test_without_the_right_nothing_is_told(api: FakeApi, connected: cluster.Cluster) -> None:
    serve(api, None)
    async with asyncio.timeout(60):
        seen = await anext(observe.observe(connected, (WEB,), namespace="shop"))
    assert seen.workloads == ()


async def test_of_a_service_without_a_selector_nothing_is_told(api: FakeApi, connected: cluster.Cluster) -> None:
    """Whoever makes its slices controls them, so that none of them would be counted."""
    service = {**SERVICE, "spec": {}}
    serve(api, [part("a", "IPv4", True, of="uid-endpoints")], service)
    async with asyncio.timeout(60):
        seen = await anext(observe.observe(connected, (WEB,), namespace="shop"))
    assert seen.workloads == ()
