"""A person's change to one workload of what is deployed: another number of instances, or a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealane import hashing
from sealane.errors import Conflicting, NotThere
from sealane.findings import did_you_mean
from sealane.records.deployments import DeploymentKind
from sealane.stencils.model import Revision
from sealane.stencils.platform import Platform


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadChange:
    """A person's change to the present revision."""

    kind: DeploymentKind
    workload: str
    """`web` or `Deployment/web`."""
    made: Callable[[Platform, Mapping[str, Any]], dict[str, Any] | None]
    """The wanted object; None where the change is impossible for it."""
    note: str
    word: str


def changed(revision: Revision, change: WorkloadChange, platform: Platform) -> Revision:
    """The revision with its workload changed, under the id of its new content."""
    known = {
        f"{rendered.kind}/{rendered.name}": made
        for rendered in revision.objects
        if (made := change.made(platform, rendered.object)) is not None
    }
    meant = {name for name in known if change.workload in {name, name.partition("/")[2]}}
    if not known and platform.no_instances:
        raise NotThere(f"there is nothing to {change.word}: {platform.no_instances}")
    if not meant:
        hint = did_you_mean(change.workload, known)
        raise NotThere(f"there is no workload {change.workload} to {change.word}", hint=hint)
    objects = tuple(
        replace(rendered, object=known[name]) if (name := f"{rendered.kind}/{rendered.name}") in meant else rendered
        for rendered in revision.objects
    )
    if objects == revision.objects:
        raise Conflicting(f"{change.note} already")
    content = hashing.content_id({"changed": revision.id, "objects": [rendered.object for rendered in objects]})
    return replace(revision, id=content, objects=objects)
