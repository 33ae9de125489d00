"""Deletes unwanted objects, and gives adopted ones back. `deletions` decides which ones.

The only place that deletes objects in a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sealane.charts import release_objects
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import deletions, model
from sealane.destinations.kubernetes import adoption_undo, autoscalers, deletion_rules
from sealane.destinations.kubernetes.helm_releases import live_releases, write


async def prune(
    at: write.Releases,
    stored: model.Inventory,
    wanted: model.Inventory,
    *,
    identity: model.Identity,
    budget: deletions.Budget,
    fence: model.Fence,
) -> deletions.Pruned:
    """Deletes within the budget, as the port promises. A release that is to be deleted whole is uninstalled."""
    cluster = at.cluster
    live: dict[model.Key, deletions.LiveObject] = {}
    for ref in deletions.candidates(stored, wanted, deletion_rules.KINDS):
        live_object = await cluster.find(kinds.whole(ref.api_version, ref.kind), ref.name, namespace=ref.namespace)
        if live_object is not None and "deletionTimestamp" not in live_object["metadata"]:
            live[ref.key] = deletions.there(live_object, uid=live_object["metadata"]["uid"])
    plan = deletions.plan(stored, wanted, live=live, identity=identity, budget=budget, kinds=deletion_rules.KINDS)
    deleted: list[model.ObjectRef] = []
    held: list[deletions.KeptObject] = []
    for name in await _whole_releases(cluster, plan.delete, live, identity=identity):
        await fence()
        await write.uninstall(at, name, identity=identity, fence=fence)
    for ref in plan.delete:
        await fence()
        if objection := await _delete(cluster, ref, clusters.Precondition(uid=live[ref.key].uid)):
            held.append(deletions.KeptObject(ref=ref, reason=objection))
        else:
            deleted.append(ref)
    held += [await adoption_undo.give_back(cluster, ref, identity=identity, fence=fence) for ref in plan.give_back]
    freed = any(autoscalers.is_one(ref) for ref in deleted)
    return replace(deletions.pruned(stored, plan, deleted=tuple(deleted), held=held), freed=freed)


async def _whole_releases(
    cluster: clusters.Cluster,
    delete: model.Inventory,
    live: Mapping[model.Key, deletions.LiveObject],
    *,
    identity: model.Identity,
) -> list[str]:
    """The releases of which every object is to be deleted, or is gone."""
    objects = (live[ref.key] for ref in delete)
    named = {release_objects.release_named(item.labels, item.annotations) for item in objects}
    return [
        name
        for name in sorted(filter(None, named))
        if await live_releases.goes_whole(cluster, name, identity.namespace, going=delete)
    ]


async def _delete(cluster: clusters.Cluster, ref: model.ObjectRef, only: clusters.Precondition) -> str | None:
    """Deletes one object; returns the reason if the cluster refuses."""
    kind = kinds.whole(ref.api_version, ref.kind)
    try:
        await cluster.delete(kind, ref.name, namespace=ref.namespace, only=only)
    except errors.NotFound:
        return None
    except errors.Conflict:
        return "somebody replaced it just now"
    except (errors.Forbidden, errors.AdmissionDenied, errors.Invalid) as error:
        return f"the cluster says no: {error.answer}"
    return None
