"""Manifests and calls that several tests use."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sealane.clients.helm import ON_PATH
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import server_side_apply
from sealane.destinations.kubernetes.helm_releases.write import Releases
from testbed.access import let_in


@asynccontextmanager
async def fresh_namespace(admin: clusters.Cluster, cluster: clusters.Cluster) -> AsyncIterator[str]:
    """A namespace in which Sealane's account may deploy; goes when it is left."""
    name = f"t-{secrets.token_hex(4)}"
    await admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    try:
        await admin.create(let_in(name), namespace=name)
        async with asyncio.timeout(30):
            while not await cluster.may("create", kinds.CONFIG_MAP, namespace=name):  # noqa: ASYNC110 - it is over there
                await asyncio.sleep(0.02)
        yield name
    finally:
        with contextlib.suppress(errors.NotFound):
            await admin.delete(kinds.NAMESPACE, name)


def identity(namespace: str, *, formation: str = "dev", sequence: int = 1) -> model.Identity:
    return model.Identity(
        app="shop",
        formation=formation,
        namespace=namespace,
        revision=f"sha256:{sequence:064d}",
        release=f"r{sequence}",
        sequence=sequence,
    )


def config_map(name: str = "settings", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data or {"a": "1"}}


def deployment(image: str, *, name: str = "web", replicas: int | None = 0, **variables: str) -> dict[str, Any]:
    container = {"name": "web", "image": image, "env": [{"name": k, "value": v} for k, v in variables.items()]}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def job(name: str, image: str, word: str = "once") -> dict[str, Any]:
    container = {"name": "job", "image": image, "command": ["echo", word]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}


def custom_kind(group: str) -> dict[str, Any]:
    """A definition of namespaced Widgets."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


async def apply(cluster: clusters.Cluster, namespace: str, *objects: dict[str, Any], **more: Any) -> model.Applied:
    fence = more.pop("fence", model.unfenced)
    adopt = more.pop("adopt", False)
    return await server_side_apply.apply(
        Releases(cluster=cluster, helm=ON_PATH), objects, identity=identity(namespace, **more), fence=fence, adopt=adopt
    )


async def live(cluster: clusters.Cluster, namespace: str, manifest: dict[str, Any]) -> dict[str, Any]:
    return await cluster.get(kinds.of(manifest), manifest["metadata"]["name"], namespace=namespace)


def names(refs: model.Inventory) -> list[str]:
    return [f"{ref.kind}/{ref.name}" for ref in refs]
