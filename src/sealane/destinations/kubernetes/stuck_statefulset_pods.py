"""Deletes broken old pods of a StatefulSet that block its desired version.

A StatefulSet that starts its pods in order waits for a broken pod of an older version to become ready before it
replaces it, which may never happen: a documented limit of Kubernetes ("forced rollback"). Such a pod does not serve and
would be replaced anyway, so it is deleted; the controller then creates it again in the desired version.
"""

from __future__ import annotations

import asyncio

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, pod_objects, workloads
from sealane.destinations import model
from sealane.destinations.kubernetes.converge import stateful_set

SEEN_SECONDS = 10.0
"""How long the controller may take to see a new version; if it takes longer, the next apply deletes the pod."""
POLL = 0.1
_REVISION_HASH = "controller-revision-hash"


async def free(cluster: clusters.Cluster, applied: model.Inventory, *, fence: model.Fence) -> None:
    """Deletes pods that block StatefulSets. A repetition deletes nothing, because then they have the desired version."""
    for ref in applied:
        if (ref.group, ref.kind) == ("apps", "StatefulSet"):
            stateful_set = await _seen(cluster, ref)
            if stateful_set is not None:
                await _free(cluster, stateful_set, ref.namespace, fence)


async def _seen(cluster: clusters.Cluster, ref: model.ObjectRef) -> workloads.StatefulSet | None:
    """The StatefulSet once its controller has seen the new version; None if its kind of update can't be blocked."""
    for _ in range(round(SEEN_SECONDS / POLL)):
        stateful_set = await cluster.find(kinds.STATEFUL_SET, ref.name, namespace=ref.namespace)
        if stateful_set is None or stateful_set.spec.pod_management_policy != "OrderedReady":
            return None
        if stateful_set.spec.update_strategy.type != "RollingUpdate":
            return None
        if (
            stateful_set.status.observed_generation >= stateful_set.metadata.generation
            and stateful_set.status.update_revision
        ):
            return stateful_set
        await asyncio.sleep(POLL)
    return None


async def _free(
    cluster: clusters.Cluster, stateful_set: workloads.StatefulSet, namespace: str | None, fence: model.Fence
) -> None:
    for pod in (await cluster.list(kinds.POD, namespace=namespace)).items:
        owner = pod.metadata.controller
        if owner is None or owner.uid != stateful_set.metadata.uid or not holds_up(pod, stateful_set):
            continue
        await fence()
        try:
            only = clusters.Precondition(uid=pod.metadata.uid)
            await cluster.delete(kinds.POD, pod.metadata.name, namespace=namespace, only=only)
        except (errors.NotFound, errors.Conflict):
            continue  # it was gone already


def holds_up(pod: pod_objects.Pod, workload: workloads.StatefulSet) -> bool:
    """Whether it has an older version, is not ready, and stays although it should be replaced."""
    ready = any(condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions)
    old = pod.metadata.labels.get(_REVISION_HASH) != workload.status.update_revision
    is_kept = stateful_set.is_kept(pod, workload)
    return old and not ready and not is_kept and pod.metadata.deletion_timestamp is None
