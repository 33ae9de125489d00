"""What a revision requests of its cluster."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sealane.destinations.kubernetes.stencils import resource_requests


def workload(kind: str = "Deployment", *, replicas: int | None = 1, **requests: str) -> dict[str, Any]:
    container = {"name": "web", "resources": {"requests": requests}}
    spec: dict[str, Any] = {"template": {"spec": {"containers": [container]}}}
    return {"kind": kind, "spec": spec if replicas is None else {**spec, "replicas": replicas}}


def test_requests_are_summed_over_instances() -> None:
    """Three instances ask for three times as much."""
    summed = resource_requests.requests(
        [workload(replicas=3, cpu="250m", memory="64Mi"), workload("DaemonSet", cpu="1")]
    )

    assert summed == {"cpu": 1.75, "memory": 3 * 64 * 1024 * 1024}


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


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("1e3", 1000), ("+2E2", 200), ("1Ei", 2**60), ("2E", 2 * 10**18), (".5", 0.5), ("1.", 1), (3, 3)],
)
def test_every_form_of_a_quantity_is_read(quantity: Any, amount: float) -> None:
    assert float(resource_requests.amount(quantity)) == amount


@pytest.mark.parametrize(
    "quantity", ["1.2.3", ".", "...", "1e999999", "9" * 400, "-1", "nan", "Infinity", True, {"a": 1}, "1\n", "\u0661"]
)
def test_what_is_no_quantity_counts_nothing(quantity: Any) -> None:
    """A cluster's metrics and a custom kind's fields may hold anything."""
    assert resource_requests.amount(quantity) == 0


@pytest.mark.parametrize(
    "pod",
    [
        {"containers": "text"},
        {"containers": 5},
        {"containers": [1, None, {"resources": [1]}, {"resources": {"requests": "much"}}]},
        {"containers": {"resources": {"requests": {"cpu": "1"}}}},
    ],
)
def test_kinds_of_somebodys_own_may_have_any_shape(pod: dict[str, Any]) -> None:
    odd = {"kind": "Deployment", "spec": {"replicas": 10**400, "template": {"spec": pod}}}
    assert resource_requests.requests([odd]) == {"cpu": 0.0, "memory": 0.0}


def test_there_is_a_sum_of_whatever_is_asked_for() -> None:
    odd = workload(cpu="9" * 30, memory="9e99")
    odd["spec"]["replicas"] = 10**400
    assert all(math.isfinite(request) for request in resource_requests.requests([odd]).values())
