"""The progress of a HorizontalPodAutoscaler. Pure: its conditions in, neutral values out.

It is ready once it is written. Missing metrics keep it from scaling, but not the application from serving,
so only a missing target is waited for. Sealane never overrides its number of replicas: see `replica_owner.py` of the
Kubernetes destination.
"""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model


def converge(autoscaler: resources.Autoscaler, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """Ready, unless it has no target to scale."""
    name = f"HorizontalPodAutoscaler/{autoscaler.metadata.name}"
    conditions = {condition.type: condition for condition in autoscaler.status.conditions or ()}
    unable = generic.condition_of(conditions, "AbleToScale", "False")
    if unable is None or unable.reason != "FailedGetScale":
        inactive = generic.condition_of(conditions, "ScalingActive", "False")
        if inactive is not None and inactive.reason == "ScalingDisabled":
            note = "does not scale, since its target is scaled to 0 pods"
            return generic.there(name, message="scaling is disabled", settled=True, note=note)
        return generic.quiet(name, message=_replicas(autoscaler))
    words = f"finds nothing to scale: {generic.words(unable)}"
    since = unable.last_transition_time
    nowhere = generic.fact(model.FactKind.TARGET_MISSING, name, since=since, words=words, live=live)
    return generic.awaited(name, message="finds nothing to scale", fact=nowhere)


def _replicas(autoscaler: resources.Autoscaler) -> str:
    """The current number, once it has counted, and its limits."""
    count, bounds = autoscaler.status.current_replicas, autoscaler.spec
    counted = f"{count} pod{'' if count == 1 else 's'}, " if count else ""
    return f"{counted}between {bounds.min_replicas} and {bounds.max_replicas}"
