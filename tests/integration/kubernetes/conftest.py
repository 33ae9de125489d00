"""A real cluster for Sealane's account and for its administrator, and fresh namespaces made without kubectl's start-up."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from testbed.access import let_in
from testbed.record import Bed


@pytest.fixture
async def cluster(kubeconfig: Path) -> AsyncIterator[clusters.Cluster]:
    """The cluster as Sealane's own account sees it."""
    async with clusters.Cluster.connect(kubeconfig) as connected:
        yield connected


@pytest.fixture
async def admin(bed: Bed) -> AsyncIterator[clusters.Cluster]:
    """The cluster as its administrator sees it."""
    async with clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as connected:
        yield connected


@pytest.fixture
async def namespace(admin: clusters.Cluster, cluster: clusters.Cluster) -> AsyncIterator[str]:
    """A fresh namespace in which Sealane's account may deploy."""
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
