"""How far a HorizontalPodAutoscaler is. Pure: its conditions in, neutral values out.

It is there once it is written. Metrics that can't be had yet keep it from scaling, not the application from serving,
so only a target that is not there is waited for. The number of replicas it sets is never fought: see `scaling.py` of the
Kubernetes destination.
"""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.verdicts import model
from sealane.verdicts.convergence import around as around_
from sealane.verdicts.convergence import things


def converge(autoscaler: resources.Autoscaler, around: around_.Around) -> around_.Part:
    """There, unless it finds nothing to scale."""
    name = f"HorizontalPodAutoscaler/{autoscaler.metadata.name}"
    conditions = {each.type: each for each in autoscaler.status.conditions or ()}
    unable = things.told(conditions, "AbleToScale", "False")
    if unable is None or unable.reason != "FailedGetScale":
        inactive = things.told(conditions, "ScalingActive", "False")
        if inactive is not None and inactive.reason == "ScalingDisabled":
            note = "does not scale, since its target is scaled to 0 pods"
            return things.there(name, says="scaling is disabled", settled=True, note=note)
        return things.quiet(name)
    words = f"finds nothing to scale: {things.words(unable)}"
    since = unable.last_transition_time
    nowhere = things.fact(model.FactKind.POINTS_NOWHERE, name, since=since, words=words, around=around)
    return things.awaited(name, says="finds nothing to scale", fact=nowhere)
