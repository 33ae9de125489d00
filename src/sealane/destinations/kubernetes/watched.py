"""The kinds that are watched for a verdict. Pure: knows nothing about connections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sealane.clients.kubernetes import kinds, resources
from sealane.destinations import model

_RUNS: dict[tuple[str, str], tuple[kinds.Kind[Any], ...]] = {
    ("apps", "Deployment"): (kinds.DEPLOYMENT, kinds.REPLICA_SET, kinds.POD),
    ("apps", "StatefulSet"): (kinds.STATEFUL_SET, kinds.POD),
    ("apps", "DaemonSet"): (kinds.DAEMON_SET, kinds.CONTROLLER_REVISION, kinds.POD),
    ("apps", "ReplicaSet"): (kinds.REPLICA_SET, kinds.POD),
    ("batch", "Job"): (kinds.JOB, kinds.POD),
    ("", "Pod"): (kinds.POD,),
}
_STANDS: dict[tuple[str, str], tuple[kinds.Kind[Any], ...]] = {
    ("batch", "CronJob"): (kinds.CRON_JOB,),
    ("", "PersistentVolumeClaim"): (kinds.CLAIM,),
    ("", "Service"): (kinds.SERVICE, kinds.POD, kinds.ENDPOINT_SLICE),
    ("networking.k8s.io", "Ingress"): (kinds.INGRESS, kinds.SERVICE),
    ("autoscaling", "HorizontalPodAutoscaler"): (kinds.AUTOSCALER,),
    ("policy", "PodDisruptionBudget"): (kinds.DISRUPTION_BUDGET,),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (kinds.DEFINITION,),
}
_OWN_GROUPS = re.compile(
    r"(?:|apps|batch|autoscaling|policy|extensions|(?:admissionregistration|apiextensions|apiregistration|authentication"
    r"|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|metrics"
    r"|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)\.k8s\.io)"
)
"""Groups of Kubernetes itself; kinds in all others are custom, and usually have conditions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """The kinds watched for one object."""

    own: kinds.Kind[Any]
    others: tuple[kinds.Kind[Any], ...] = ()
    """Kinds of objects that it owns or refers to."""
    runs: bool
    """It creates instances, which the verdict needs to see."""

    @property
    def kinds(self) -> tuple[kinds.Kind[Any], ...]:
        """All of them, its own first."""
        return (self.own, *self.others)


def watched(ref: model.ObjectRef, *, checked: bool) -> Watched | None:
    """The kinds watched for an object; None if it is ready once it is written.

    `checked` is whether the formation has a health check for its kind.
    """
    key = (ref.group, ref.kind)
    if own := _RUNS.get(key):
        return Watched(own=own[0], others=own[1:], runs=True)
    if checked or not _OWN_GROUPS.fullmatch(ref.group):
        return Watched(own=_custom(ref), runs=False)
    if stands := _STANDS.get(key):
        return Watched(own=stands[0], others=stands[1:], runs=False)
    return None


def _custom(ref: model.ObjectRef) -> kinds.Kind[resources.Custom]:
    return kinds.Kind(api_version=ref.api_version, kind=ref.kind, type=resources.Custom)
