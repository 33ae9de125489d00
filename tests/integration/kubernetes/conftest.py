"""A real cluster for Sealane's account and for its administrator, and fresh namespaces made without kubectl's start-up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sealane.clients.kubernetes import cluster as clusters
from testbed.record import Bed
from tests.integration.kubernetes.parts import fresh_namespace


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
    async with fresh_namespace(admin, cluster) as name:
        yield name
