"""Workloads as people want them otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.destinations.kubernetes.stencils import replicas

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "annotations", "restarts", "scales"),
    [
        ("Deployment", None, True, True),
        ("StatefulSet", {"mine": "1"}, True, True),
        ("DaemonSet", {replicas.RESTARTED: "before"}, True, False),
        ("Job", None, False, False),
        ("Service", None, False, False),
    ],
)
def test_what_can_be_restarted_and_scaled(
    kind: str, annotations: dict[str, str] | None, restarts: bool, scales: bool
) -> None:
    """Only the template's own annotation differs then, and the given object stays as it was."""
    given: dict[str, Any] = {"kind": kind, "spec": {"template": {"metadata": {"annotations": annotations}}}}
    made = replicas.restarted(given, AT)
    assert (made is not None, replicas.scaled(given, 3) is not None) == (restarts, scales)
    assert given["spec"]["template"]["metadata"]["annotations"] == annotations
    if made:
        expected = {**(annotations or {}), replicas.RESTARTED: "2026-11-01T12:00:00.000+00:00"}
        assert made["spec"]["template"]["metadata"]["annotations"] == expected


@pytest.mark.parametrize(
    ("kind", "before", "carried"),
    [
        ("Deployment", {replicas.RESTARTED: "then", "old": "1"}, True),
        ("Deployment", {"old": "1"}, False),
        ("Deployment", None, False),
        ("Job", {replicas.RESTARTED: "then"}, False),
    ],
)
def test_a_restart_lasts_over_the_next_version(kind: str, before: dict[str, str] | None, carried: bool) -> None:
    """Nothing else of the former version comes along."""
    former: dict[str, Any] = {"kind": kind, "spec": {"template": {"metadata": {"annotations": before}}}}
    fresh: dict[str, Any] = {"kind": kind, "spec": {"template": {"metadata": {"labels": {"a": "b"}}}}}
    made = replicas.restarted_as(fresh, former)
    assert (made is not None) == carried
    if made:
        metadata = {"labels": {"a": "b"}, "annotations": {replicas.RESTARTED: "then"}}
        assert made["spec"]["template"]["metadata"] == metadata
