"""Restarts that last: after a restart, a release that does not change a workload replaces none of its instances."""

from __future__ import annotations

from dataclasses import replace

from sealane import hashing
from sealane.errors import NotThere
from sealane.stencils.model import Revision
from sealane.stencils.platform import Platform
from sealane.workflows.context import Tools


async def carried(tools: Tools, revision: Revision) -> Revision:
    """The revision with the marks that restarts left on workloads of the verified revision there."""
    try:
        there = await tools.store.formations.get(revision.app, revision.formation)
    except NotThere:
        return revision
    same = (there.environment, there.destination, there.namespace)
    if there.verified_id is None or same != (revision.environment, revision.destination, revision.namespace):
        return revision
    verified = await tools.store.deployments.get(there.verified_id)
    former = await tools.store.releases.revision(verified.revision_id)
    return with_restarts(revision, former, tools.platform(revision.environment, revision.destination))


def with_restarts(revision: Revision, former: Revision, platform: Platform) -> Revision:
    """The revision with them, under its new content's id; unchanged where nothing was restarted."""
    known = {rendered.key: rendered.object for rendered in former.objects}
    objects = tuple(
        replace(rendered, object=made)
        if rendered.key in known and (made := platform.restarted_as(rendered.object, known[rendered.key])) is not None
        else rendered
        for rendered in revision.objects
    )
    if objects == revision.objects:
        return revision
    content = hashing.content_id({"changed": revision.id, "objects": [rendered.object for rendered in objects]})
    return replace(revision, id=content, objects=objects)
