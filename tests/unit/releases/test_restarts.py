"""A restart lasts over the next release, which is what is there already where it brings nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sealane import hashing
from sealane.destinations.kubernetes.stencils import replicas
from sealane.destinations.kubernetes.stencils.platform import PLATFORM
from sealane.stencils.model import Revision
from sealane.workflows.steps import restarts
from tests import revisions

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def workload(name: str, image: str) -> dict[str, Any]:
    pod = {"spec": {"containers": [{"name": "app", "image": image}]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"template": pod}}


def revision(*objects: dict[str, Any]) -> Revision:
    return revisions.of(objects)


def restarted(subject: Revision, name: str) -> Revision:
    """As a person's restart leaves it."""
    objects = tuple(
        replace(item, object=replicas.restarted(item.object, AT) or {}) if item.name == name else item
        for item in subject.objects
    )
    content = hashing.content_id({"changed": subject.id, "objects": [item.object for item in objects]})
    return replace(subject, id=content, objects=objects)


def test_the_same_release_once_more_is_what_is_there() -> None:
    brought = revision(workload("web", "a:1"), workload("queue", "b:1"))
    there = restarted(brought, "web")
    assert restarts.with_restarts(brought, there, PLATFORM) == there


def test_another_release_restarts_only_what_it_changes() -> None:
    """What it brings anew was never restarted, and what it has no more is gone."""
    there = restarted(revision(workload("web", "a:1"), workload("old", "b:1")), "web")
    fresh = revision(workload("web", "a:2"), workload("new", "c:1"))
    web, new = restarts.with_restarts(fresh, there, PLATFORM).objects
    annotations = {replicas.RESTARTED: AT.isoformat(timespec="milliseconds")}
    assert web.object["spec"]["template"]["metadata"]["annotations"] == annotations
    assert new == fresh.objects[1]
    assert restarts.with_restarts(fresh, fresh, PLATFORM) is fresh
