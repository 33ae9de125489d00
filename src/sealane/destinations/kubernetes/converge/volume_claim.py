"""The progress of a volume claim. Pure: a PersistentVolumeClaim and its events in, neutral values out.

A claim whose class waits for its first consumer is as desired: the pods that use it report what they wait for.
"""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model

_FOR_A_POD = frozenset({"WaitForFirstConsumer", "WaitForPodScheduled"})


def converge(claim: resources.VolumeClaim, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """Bound, waiting for a pod, waiting for a volume, or lost."""
    name = f"PersistentVolumeClaim/{claim.metadata.name}"
    events = live.events(claim.metadata.uid)
    if claim.status.phase == "Bound" or (events and events[-1].reason in _FOR_A_POD):
        return generic.quiet(name)
    messages = [event.message for event in events if event.type == "Warning" or event.reason == "FailedBinding"]
    since = claim.metadata.creation_timestamp
    if claim.status.phase == "Lost":
        lost = messages[-1] if messages else "the volume it was bound to is gone"
        return generic.failed(
            name, fact=generic.fact(model.FactKind.RESOURCE_FAILED, name, since=since, words=lost, live=live)
        )
    words = messages[-1] if messages else events[-1].message if events else "nothing has bound one to it yet"
    pending = generic.fact(model.FactKind.VOLUME_PENDING, name, since=since, words=words, live=live)
    return generic.awaited(name, message="waits for a volume", fact=pending)
