"""Deleting what is no longer wanted. The only place that deletes objects in a cluster; what may go is decided in `pruning`."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model, pruning


async def prune(
    cluster: clusters.Cluster,
    stored: model.Inventory,
    wanted: model.Inventory,
    *,
    identity: model.Identity,
    budget: model.Budget,
    fence: model.Fence,
) -> model.Pruned:
    """Deletes within the budget; see the port for what is promised."""
    labels: dict[model.Key, Mapping[str, str]] = {}
    live: dict[model.Key, clusters.Precondition] = {}
    for ref in pruning.candidates(stored, wanted):
        found = await cluster.find(kinds.whole(ref.api_version, ref.kind), ref.name, namespace=ref.namespace)
        if found is not None and "deletionTimestamp" not in found["metadata"]:
            labels[ref.key] = found["metadata"].get("labels") or {}
            live[ref.key] = clusters.Precondition(uid=found["metadata"]["uid"])
    plan = pruning.plan(stored, wanted, labels=labels, identity=identity, budget=budget)
    deleted: list[model.ObjectRef] = []
    held = list(plan.held)
    for ref in plan.delete:
        await fence()
        if objection := await _delete(cluster, ref, live[ref.key]):
            held.append(model.Held(ref=ref, reason=objection))
        else:
            deleted.append(ref)
    away = {ref.key for ref in (*deleted, *plan.gone)}
    left = tuple(ref for ref in stored if ref.key not in away)
    return model.Pruned(deleted=tuple(deleted), held=tuple(held), inventory=left)


async def _delete(cluster: clusters.Cluster, ref: model.ObjectRef, only: clusters.Precondition) -> str | None:
    """Deletes one object; gives the reason when the cluster won't have it."""
    kind = kinds.whole(ref.api_version, ref.kind)
    try:
        await cluster.delete(kind, ref.name, namespace=ref.namespace, only=only)
    except errors.NotFound:
        return None
    except errors.Conflict:
        return "somebody replaced it just now"
    except (errors.Forbidden, errors.AdmissionDenied, errors.Invalid) as error:
        return f"the cluster says no: {error.says}"
    return None
