"""The rights that Sealane's account needs in a cluster, as Kubernetes' own manifests. Pure: knows no cluster.

What it may do is bound in the namespaces of the operators' files and nowhere else; of the whole cluster it reads namespaces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEPLOYER = "sealane-deployer"
NAMESPACES = "sealane-namespaces"

_RBAC = "rbac.authorization.k8s.io"
_WRITE = ("get", "create", "patch", "delete")
_SEE = ("list", "watch")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A kind as rules name it."""

    group: str
    plural: str
    kind: str = ""
    """Empty for one of somebody else's making, of which only the plural is known."""

    def __str__(self) -> str:
        return f"{self.group}/{self.plural}" if self.group else self.plural


USUAL = (
    Resource(group="", plural="serviceaccounts", kind="ServiceAccount"),
    Resource(group="", plural="persistentvolumeclaims", kind="PersistentVolumeClaim"),
    Resource(group="", plural="services", kind="Service"),
    Resource(group="apps", plural="deployments", kind="Deployment"),
    Resource(group="apps", plural="statefulsets", kind="StatefulSet"),
    Resource(group="apps", plural="daemonsets", kind="DaemonSet"),
    Resource(group="batch", plural="jobs", kind="Job"),
    Resource(group="batch", plural="cronjobs", kind="CronJob"),
    Resource(group="autoscaling", plural="horizontalpodautoscalers", kind="HorizontalPodAutoscaler"),
    Resource(group="policy", plural="poddisruptionbudgets", kind="PodDisruptionBudget"),
    Resource(group="networking.k8s.io", plural="ingresses", kind="Ingress"),
    Resource(group="networking.k8s.io", plural="networkpolicies", kind="NetworkPolicy"),
)
"""Kinds that stencils may have without further words."""

_ALWAYS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "",
        ("configmaps", "secrets"),
        ("get", "list", "watch", "create", "patch", "delete"),
    ),  # ledgers, configuration, secrets
    ("", ("pods",), ("list", "watch", "delete")),  # a StatefulSet's stuck pod is freed by removing it
    ("", ("pods/log",), ("get",)),
    ("", ("events",), ("list", "watch")),
)
_BESIDE: Mapping[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = {
    "Deployment": (("apps", ("replicasets",), _SEE),),
    "DaemonSet": (("apps", ("controllerrevisions",), _SEE),),
}
"""What is looked at beside a kind, because it makes it."""


def role(resources: Collection[Resource]) -> list[dict[str, Any]]:
    """The rules of the role that is bound in each namespace."""
    rules = [_rule(*each) for each in _ALWAYS]
    by_group: dict[str, list[str]] = {}
    for resource in resources:
        by_group.setdefault(resource.group, []).append(resource.plural)
    rules += [_rule(group, tuple(dict.fromkeys(plurals)), (*_WRITE, *_SEE)) for group, plurals in by_group.items()]
    beside = dict.fromkeys(each for resource in resources for each in _BESIDE.get(resource.kind, ()))
    return [*rules, *(_rule(*each) for each in beside)]


def manifests(
    resources: Collection[Resource], namespaces: Iterable[str], *, account: str, home: str
) -> list[dict[str, Any]]:
    """The account in its namespace, the roles, and what binds them: to be applied by the cluster's administrator."""
    subject = {"kind": "ServiceAccount", "name": account, "namespace": home}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": home}},
        _role(DEPLOYER, role(resources)),
        _role(NAMESPACES, [_rule("", ("namespaces",), ("get",))]),
        _binding("ClusterRoleBinding", NAMESPACES, subject),
        *(_binding("RoleBinding", DEPLOYER, subject, namespace=name) for name in sorted(set(namespaces))),
    ]


def _rule(group: str, plurals: tuple[str, ...], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(plurals), "verbs": list(verbs)}


def _role(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}


def _binding(kind: str, name: str, subject: Mapping[str, str], *, namespace: str | None = None) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [dict(subject)],
    }
