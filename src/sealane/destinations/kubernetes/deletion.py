"""Deletes unwanted objects, and gives adopted ones back. `deletions` decides which ones.

The only place that deletes objects in a cluster.
"""

from __future__ import annotations

from dataclasses import replace

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import deletions, model
from sealane.destinations.kubernetes import adoption_undo, autoscalers, deletion_rules


async def prune(
    cluster: clusters.Cluster,
    stored: model.Inventory,
    wanted: model.Inventory,
    *,
    identity: model.Identity,
    budget: model.Budget,
    fence: model.Fence,
) -> model.Pruned:
    """Deletes within the budget, as the port promises."""
    live: dict[model.Key, deletions.LiveObject] = {}
    for ref in deletions.candidates(stored, wanted, deletion_rules.KINDS):
        live_object = await cluster.find(kinds.whole(ref.api_version, ref.kind), ref.name, namespace=ref.namespace)
        if live_object is not None and "deletionTimestamp" not in live_object["metadata"]:
            live[ref.key] = deletions.there(live_object, uid=live_object["metadata"]["uid"])
    plan = deletions.plan(stored, wanted, live=live, identity=identity, budget=budget, kinds=deletion_rules.KINDS)
    deleted: list[model.ObjectRef] = []
    held: list[model.KeptObject] = []
    for ref in plan.delete:
        await fence()
        if objection := await _delete(cluster, ref, clusters.Precondition(uid=live[ref.key].uid)):
            held.append(model.KeptObject(ref=ref, reason=objection))
        else:
            deleted.append(ref)
    held += [await adoption_undo.give_back(cluster, ref, identity=identity, fence=fence) for ref in plan.give_back]
    freed = any(autoscalers.is_one(ref) for ref in deleted)
    return replace(deletions.pruned(stored, plan, deleted=tuple(deleted), held=held), freed=freed)


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
