"""How far a HorizontalPodAutoscaler is. Pure: its conditions in, neutral values out.

It is there once it is written. Metrics that are not available yet keep it from scaling, not the application from serving,
so only a target that is not there is waited for. The number of replicas it sets is never fought: see `replica_owner.py` of the
Kubernetes destination.
"""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model


def converge(autoscaler: resources.Autoscaler, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """There, unless it finds nothing to scale."""
    name = f"HorizontalPodAutoscaler/{autoscaler.metadata.name}"
    conditions = {condition.type: condition for condition in autoscaler.status.conditions or ()}
    unable = generic.told(conditions, "AbleToScale", "False")
    if unable is None or unable.reason != "FailedGetScale":
        inactive = generic.told(conditions, "ScalingActive", "False")
        if inactive is not None and inactive.reason == "ScalingDisabled":
            note = "does not scale, since its target is scaled to 0 pods"
            return generic.there(name, message="scaling is disabled", settled=True, note=note)
        return generic.quiet(name, message=_replicas(autoscaler))
    words = f"finds nothing to scale: {generic.words(unable)}"
    since = unable.last_transition_time
    nowhere = generic.fact(model.FactKind.TARGET_MISSING, name, since=since, words=words, live=live)
    return generic.awaited(name, message="finds nothing to scale", fact=nowhere)


def _replicas(autoscaler: resources.Autoscaler) -> str:
    """How many there are, once it has counted them, and how many there may be."""
    count, bounds = autoscaler.status.current_replicas, autoscaler.spec
    counted = f"{count} pod{'' if count == 1 else 's'}, " if count else ""
    return f"{counted}between {bounds.min_replicas} and {bounds.max_replicas}"
