"""The cluster for rollouts: the same as for the tests of its client."""

from __future__ import annotations

from tests.integration.kubernetes.conftest import admin, cluster, namespace

__all__ = ["admin", "cluster", "namespace"]
