"""The rights that Sealane's account needs in a cluster, as Kubernetes' own manifests. Pure: knows no cluster.

Its rights are bound in the namespaces of the operators' files and nowhere else; cluster-wide, it reads only namespaces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sealane.errors import UsageError

DEPLOYER = "sealane-deployer"
NAMESPACES = "sealane-namespaces"
OBSERVER = "sealane-observer"

_RBAC = "rbac.authorization.k8s.io"
_WRITE = ("get", "create", "patch", "delete")
_SEE = ("list", "watch")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A kind as in rules."""

    group: str
    plural: str
    kind: str = ""
    """Empty for a custom kind, of which only the plural is known."""

    def __str__(self) -> str:
        return f"{self.group}/{self.plural}" if self.group else self.plural

    @classmethod
    def of(cls, text: str) -> Resource:
        """The kind that GROUP/PLURAL names. Raises UsageError."""
        group, slash, plural = text.rpartition("/")
        if not slash or not plural or plural != plural.lower():
            message = f"--also {text} is no kind as `kubectl api-resources` names it"
            raise UsageError(message, hint="write GROUP/PLURAL, such as cert-manager.io/certificates")
        return cls(group=group, plural=plural)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A ServiceAccount. `home` is its namespace."""

    home: str
    name: str

    @classmethod
    def of(cls, text: str) -> Account:
        """The account that NAMESPACE/NAME names. Raises UsageError."""
        home, _, name = text.partition("/")
        if not home or not name or "/" in name:
            hint = "write NAMESPACE/NAME, such as sealane/sealane"
            raise UsageError(f"--account {text} is no account", hint=hint)
        return cls(home=home, name=name)

    def own(self, role: str) -> str:
        """A name for this account's own objects, so that several accounts of one cluster don't overwrite each other's."""
        return f"{role}:{self.home}:{self.name}"


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
"""Kinds that stencils may use by default."""

_ALWAYS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "",
        ("configmaps", "secrets"),
        ("get", "list", "watch", "create", "patch", "delete"),
    ),  # ledgers, configuration, secrets
    ("", ("pods",), ("list", "watch", "delete")),  # deletes a StatefulSet's stuck pod
    ("", ("pods/log",), ("get",)),
    ("", ("events",), ("list", "watch")),
    ("metrics.k8s.io", ("pods",), ("list",)),  # the usage of pods, if somebody measures it
)
_BESIDE: Mapping[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = {
    "Deployment": (("apps", ("replicasets",), _SEE),),
    "DaemonSet": (("apps", ("controllerrevisions",), _SEE),),
    "Service": (("discovery.k8s.io", ("endpointslices",), _SEE),),
}
"""Kinds to read together with a kind, because it or its controller creates them."""


def role(resources: Collection[Resource]) -> list[dict[str, Any]]:
    """The rules of the role that is bound in each namespace."""
    rules = [_rule(*rule) for rule in _ALWAYS]
    by_group: dict[str, list[str]] = {}
    for resource in resources:
        by_group.setdefault(resource.group, []).append(resource.plural)
    rules += [_rule(group, tuple(dict.fromkeys(plurals)), (*_WRITE, *_SEE)) for group, plurals in by_group.items()]
    beside = dict.fromkeys(other for resource in resources for other in _BESIDE.get(resource.kind, ()))
    return [*rules, *(_rule(*other) for other in beside)]


def observing() -> list[dict[str, Any]]:
    """The rules of the role for namespaces where Sealane only observes what others deploy."""
    return [
        _rule("", ("pods", "events"), _SEE),
        _rule("apps", ("deployments", "statefulsets", "daemonsets"), ("get", *_SEE)),
        _rule("apps", ("replicasets", "controllerrevisions"), _SEE),
    ]


def manifests(
    resources: Collection[Resource], namespaces: Iterable[str], account: Account, *, observed: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The account in its namespace, the roles and their bindings, to be applied by the cluster's administrator.

    In the `observed` namespaces, it may only read.
    """
    identity = {"name": account.name, "namespace": account.home}
    subject = {"kind": "ServiceAccount", **identity}
    deployer, reader = account.own(DEPLOYER), account.own(NAMESPACES)
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": account.home}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": identity},
        _role(deployer, role(resources)),
        _role(reader, [_rule("", ("namespaces",), ("get",))]),
        _binding("ClusterRoleBinding", reader, subject),
        *(_binding("RoleBinding", deployer, subject, namespace=name) for name in sorted(set(namespaces))),
        *_observing(account, subject, sorted(set(observed))),
    ]


def _observing(account: Account, subject: Mapping[str, str], namespaces: Collection[str]) -> list[dict[str, Any]]:
    if not namespaces:
        return []
    observer = account.own(OBSERVER)
    bound = [_binding("RoleBinding", observer, subject, namespace=name) for name in namespaces]
    return [_role(observer, observing()), *bound]


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
