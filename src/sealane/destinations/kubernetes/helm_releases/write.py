"""Has Helm write releases. The only caller of Helm that changes anything in a cluster.

Helm does not wait and judges nothing: what it wrote is observed like all other objects. Its writes wait for the fence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealane import errors as ours
from sealane.charts import release_objects
from sealane.charts.model import ReleaseCommand
from sealane.charts.release_objects import ReleaseParts
from sealane.clients.helm import Helm
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors
from sealane.destinations import model, ownership
from sealane.destinations.kubernetes import planned_objects
from sealane.destinations.kubernetes.helm_releases import live_releases, records, release_chart
from sealane.destinations.kubernetes.helm_releases.next_step import Step, decide
from sealane.destinations.kubernetes.helm_releases.records import Version

_STEPS = 4
"""Most steps to one content: to free it, to do it, and both again where somebody came between."""
_TRIES = 10
_UNINSTALL = "uninstall"
_LONGEST = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Releases:
    """The cluster in which releases are, and the Helm that writes them."""

    cluster: clusters.Cluster
    helm: Helm


async def write(
    at: Releases,
    parts: ReleaseParts,
    planned: Sequence[planned_objects.PlannedObject],
    *,
    identity: model.Identity,
    fence: model.Fence,
) -> model.Applied:
    """Brings the release to this content: what Helm wrote, or the refusal."""
    cluster = at.cluster
    drifted = any(item.change.action is not model.Action.NONE for item in planned)
    wrote = False
    for _ in range(_STEPS):
        await fence()
        history = await live_releases.history(cluster, parts.name, identity.namespace)
        now = decide(history, content=parts.content, owner=identity.owner, drifted=drifted and not wrote)
        if now.step is Step.NOTHING:
            return model.Applied(inventory=await _inventory(cluster, planned), changed=_refs(planned) if wrote else ())
        if now.step is Step.FOREIGN:
            assert now.version is not None, "somebody's version"
            return _refused(planned, wrote=wrote, refusal=_foreign(now.version, _release(parts.name, identity)))
        if now.step is Step.FREE:
            assert now.version is not None, "the version to free"
            await _free(cluster, now.version, identity.namespace)
            continue
        await _labelled(cluster, parts, planned, namespace=identity.namespace, fence=fence)
        command = _command(now.step, parts, planned, history, now.version, identity=identity)
        complaint, reached = await _run(at, command, identity=identity, fence=fence)
        wrote = wrote or reached
        if complaint is not None:
            return _refused(
                planned, wrote=wrote, refusal=_complained(command, complaint, _release(parts.name, identity))
            )
    raise ours.Unavailable(f"the release {parts.name} changes too often to be written", hint="who else deploys it?")


async def uninstall(at: Releases, name: str, *, identity: model.Identity, fence: model.Fence) -> str | None:
    """Has Helm delete a release and its objects; returns its complaint."""
    command = ReleaseCommand(verb=_UNINSTALL, release=name, namespace=identity.namespace)
    complaint, _ = await _run(at, command, identity=identity, fence=fence)
    return complaint


async def _free(cluster: clusters.Cluster, version: Version, namespace: str) -> None:
    """Ends a version of a dead Helm; if its record changed meanwhile, it is looked at again."""
    try:
        await cluster.patch(live_releases.SECRET, version.secret, records.ended(version), namespace=namespace)
    except (errors.Invalid, errors.Conflict, errors.NotFound):
        await asyncio.sleep(0)


async def _labelled(
    cluster: clusters.Cluster,
    parts: ReleaseParts,
    planned: Sequence[planned_objects.PlannedObject],
    *,
    namespace: str,
    fence: model.Fence,
) -> None:
    """Marks the formation's objects as the release's, without which Helm would not take them.

    Objects that Sealane wrote itself become Helm's so, and adopted ones whose release was lost.
    """
    annotations = {release_objects.NAME: parts.name, release_objects.NAMESPACE: namespace}
    for item in planned:
        if item.live is not None:
            await _mark(cluster, item, annotations, fence=fence)


async def _mark(
    cluster: clusters.Cluster,
    item: planned_objects.PlannedObject,
    annotations: Mapping[str, str],
    *,
    fence: model.Fence,
) -> None:
    """Marks one object that is no release's; again where somebody changed it meanwhile, as its controller does."""
    for _ in range(_TRIES):
        live = await cluster.find(item.kind, item.ref.name, namespace=item.ref.namespace)
        if live is None or release_objects.release_of(live) is not None:
            return
        metadata = live["metadata"]
        labels = {**(metadata.get("labels") or {}), release_objects.MANAGED_BY: release_objects.HELM}
        operations = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
            {"op": "add", "path": "/metadata/labels", "value": labels},
            {
                "op": "add",
                "path": "/metadata/annotations",
                "value": {**(metadata.get("annotations") or {}), **annotations},
            },
        ]
        await fence()
        try:
            await cluster.patch(item.kind, item.ref.name, operations, namespace=item.ref.namespace)
        except errors.Invalid:  # the test failed because it changed
            continue
        except errors.NotFound:
            return
        else:
            return
    raise errors.ServerError(f"{item.ref} never stands still", hint="who else writes it all the time?")


def _command(
    step: Step,
    parts: ReleaseParts,
    planned: Sequence[planned_objects.PlannedObject],
    history: Sequence[Version],
    version: Version | None,
    *,
    identity: model.Identity,
) -> ReleaseCommand:
    spec, namespace = parts.release["spec"], identity.namespace
    kept = ("--history-max", str(spec["historyMax"]))
    if step is Step.ROLLBACK:
        assert version is not None, "the version to roll back to"
        back = (str(version.number), *kept)
        return ReleaseCommand(verb=step.value, release=parts.name, namespace=namespace, more=back)
    bodies = [item.body for item in planned]
    for item in planned:
        ownership.check_resolved(item.ref, item.body)
    more: tuple[str, ...] = kept if step is Step.UPGRADE else ("--replace",) if history else ()
    return ReleaseCommand(
        verb=step.value,
        release=parts.name,
        namespace=namespace,
        more=more,
        chart=release_chart.chart(parts, bodies, owner=identity.owner),
        values=spec["values"],
    )


async def _run(
    at: Releases,
    command: ReleaseCommand,
    *,
    identity: model.Identity,
    fence: model.Fence,
) -> tuple[str | None, bool]:
    """Helm's complaint, and whether anything was written. Raises what kept its calls from the API server."""

    def marked(method: str, manifest: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """A new record with the mark that it is ours; a known one is changed by a patch, which leaves its mark alone."""
        if manifest.get("type") != records.TYPE:
            return method, manifest
        if method == "PUT":
            return "PATCH", manifest
        metadata = manifest["metadata"]
        annotations = {**(metadata.get("annotations") or {}), records.HOLDER: identity.owner}
        return method, {**manifest, "metadata": {**metadata, "annotations": annotations}}

    def stays(path: str) -> bool:
        """What a version lacks is deleted after the verdict and within the budget, as all objects are; Helm deletes its records."""
        return command.verb != _UNINSTALL and not records.is_at(path)

    async with at.cluster.gateway(fence=fence, rewrite=marked, spares=stays) as way:
        complaint = await at.helm.release(command, way.kubeconfig(identity.namespace))
        if complaint is not None and way.trouble is not None:
            raise way.trouble
        return complaint, way.wrote


async def _inventory(cluster: clusters.Cluster, planned: Sequence[planned_objects.PlannedObject]) -> model.Inventory:
    async def there(item: planned_objects.PlannedObject) -> model.ObjectRef:
        live = await cluster.find(item.kind, item.ref.name, namespace=item.ref.namespace)
        if live is None:
            return item.ref
        metadata = live["metadata"]
        return item.ref.with_uid(str(metadata["uid"]), resource_version=str(metadata["resourceVersion"]))

    return tuple(await asyncio.gather(*map(there, planned)))


def _refs(planned: Sequence[planned_objects.PlannedObject]) -> model.Inventory:
    return tuple(item.ref for item in planned)


def _refused(planned: Sequence[planned_objects.PlannedObject], *, wrote: bool, refusal: model.Refusal) -> model.Applied:
    refs = _refs(planned)
    there = tuple(item.ref for item in planned if item.live)
    return model.Applied(inventory=refs if wrote else there, changed=refs if wrote else (), refusals=(refusal,))


def _foreign(version: Version, ref: model.ObjectRef) -> model.Refusal:
    message = f"version {version.number} of the release is {version.status}, by a helm that is not Sealane's"
    hint = f"wait for it; if that helm is surely dead, delete the Secret {version.secret}"
    return model.Refusal(ref=ref, reason=model.Reason.FOREIGN, message=message, hint=hint)


def _complained(command: ReleaseCommand, complaint: str, ref: model.ObjectRef) -> model.Refusal:
    complaint_text = " ".join(complaint.rpartition("Error: ")[2].split())[:_LONGEST]
    message = f"helm {command.verb} failed: {complaint_text}"
    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message)


def _release(name: str, identity: model.Identity) -> model.ObjectRef:
    group, _, version = release_objects.API_VERSION.partition("/")
    return model.ObjectRef(
        group=group, version=version, kind=release_objects.KIND, namespace=identity.namespace, name=name
    )
