"""What a revision requests of its cluster."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.destinations.kubernetes.stencils import resource_requests


def workload(kind: str = "Deployment", *, replicas: int | None = 1, **requests: str) -> dict[str, Any]:
    container = {"name": "web", "resources": {"requests": requests}}
    spec: dict[str, Any] = {"template": {"spec": {"containers": [container]}}}
    return {"kind": kind, "spec": spec if replicas is None else {**spec, "replicas": replicas}}


def test_requests_are_summed_over_instances() -> None:
    """Three instances ask for three times as much."""
    found = resource_requests.requests(
        [workload(replicas=3, cpu="250m", memory="64Mi"), workload("DaemonSet", cpu="1")]
    )

    assert found == {"cpu": 1.75, "memory": 3 * 64 * 1024 * 1024}


@pytest.mark.parametrize(
    ("memory", "amount"), [("1Gi", 2**30), ("1G", 10**9), ("512Ki", 2**19), ("100k", 10**5), ("128974848", 128974848)]
)
def test_quantities_are_read_as_kubernetes_writes_them(memory: str, amount: int) -> None:
    """Binary and decimal scales."""
    assert resource_requests.requests([workload(memory=memory)])["memory"] == amount


def test_what_requests_nothing_counts_nothing() -> None:
    """Nor does what is no workload, or no quantity at all."""
    odd = [{"kind": "ConfigMap", "data": {}}, {"kind": "Custom", "spec": "text"}, workload(cpu="much")]

    assert resource_requests.requests(odd) == {"cpu": 0.0, "memory": 0.0}
