"""The progress of a ReplicaSet without a Deployment. Pure: a ReplicaSet and its pods in, neutral values out.

It never replaces its pods: after a change of its template, pods with other images are old until somebody deletes
them. Its pods have no version label, so only their images tell.
"""

from __future__ import annotations

from datetime import timedelta

from sealane.clients.kubernetes import pod_objects, workloads
from sealane.destinations.kubernetes.converge import generic, instances, owned_objects, standstill


def converge(replica_set: workloads.ReplicaSet, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """The ReplicaSet's state, its pods, and what keeps those of the desired version from being ready."""
    name = f"ReplicaSet/{replica_set.metadata.name}"
    desired = replica_set.spec.replicas
    seen = replica_set.status.observed_generation >= replica_set.metadata.generation
    images = _images(replica_set.spec.template.spec)
    counted = instances.count(
        live.pods(replica_set.metadata.uid),
        workload=name,
        is_desired=lambda pod: seen and images.items() <= _images(pod.spec).items(),
        live=live,
    )
    if not seen:
        return instances.unseen(name, desired=desired, counted=counted, message=generic.UNSEEN), counted.instances, ()
    facts = counted.facts
    if len(counted.updated) + len(counted.old) < desired:
        facts = (
            *facts,
            *instances.uncreated(
                name,
                owner=replica_set.metadata,
                conditions=replica_set.status.conditions,
                live=live,
                freeable=bool(counted.terminating),
            ),
        )
    hold = timedelta(seconds=replica_set.spec.min_ready_seconds)
    workload = instances.workload(name, counted, desired=desired, hold=hold)
    workload, still = standstill.replaced_by_hand(
        workload, counted, metadata=replica_set.metadata, why="never replaces pods"
    )
    return workload, counted.instances, (*facts, *still)


def _images(spec: pod_objects.PodSpec) -> dict[str, str]:
    return {container.name: container.image for container in (*spec.init_containers, *spec.containers)}
