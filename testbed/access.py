"""Sealane's own account in the cluster: it may deploy only where a namespace says so."""

from __future__ import annotations

import json
from typing import Final

from testbed import kubeconfigs
from testbed.kubectl import answer, kubectl
from testbed.layout import DNS_PORT, DNS_SERVICE, NODE_ADDRESS, Layout

NAMESPACE: Final = "sealane-system"
ACCOUNT: Final = "sealane"
ACCOUNT_USER: Final = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"
DEPLOYER: Final = "sealane-deployer"
READER: Final = "sealane-reader"

_READ: Final = ("get", "list", "watch")
_WRITE: Final = (*_READ, "create", "update", "patch", "delete")
_TOKEN_LIFE: Final = "8760h"

Manifest = dict[str, object]


def deployer_rules() -> list[Manifest]:
    """What Sealane may do in a namespace that binds `sealane-deployer`."""
    return [
        _rule("", "pods services configmaps secrets serviceaccounts persistentvolumeclaims", _WRITE),
        _rule("", "events", (*_READ, "create", "patch")),
        _rule("", "pods/log pods/status services/status endpoints", _READ),
        _rule("", "resourcequotas limitranges", _READ),
        _rule("apps", "deployments statefulsets daemonsets replicasets controllerrevisions", _WRITE),
        _rule("apps", "deployments/scale statefulsets/scale", ("get", "update", "patch")),
        _rule("batch", "jobs cronjobs", _WRITE),
        _rule("autoscaling", "horizontalpodautoscalers", _WRITE),
        _rule("networking.k8s.io", "ingresses networkpolicies", _WRITE),
        _rule("policy", "poddisruptionbudgets", _WRITE),
        _rule("discovery.k8s.io", "endpointslices", _READ),
        _rule("events.k8s.io", "events", _READ),
        _rule("metrics.k8s.io", "pods", ("get", "list")),
        _rule("rbac.authorization.k8s.io", "roles rolebindings", _READ),
        _rule("coordination.k8s.io", "leases", _WRITE),
    ]


def reader_rules() -> list[Manifest]:
    """The little it may see of the whole cluster; discovery and asking about its own rights come by default."""
    return [_rule("", "namespaces nodes", ("get", "list", "watch"))]


def manifests() -> list[Manifest]:
    """Sealane's account and roles. A namespace lets Sealane in by a RoleBinding to `sealane-deployer`."""
    subject: Manifest = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT, "namespace": NAMESPACE},
        },
        _role(DEPLOYER, deployer_rules()),
        _role(READER, reader_rules()),
        _cluster_binding(READER, role=READER, subject=subject),
    ]


def dns_manifests() -> list[Manifest]:
    """Let the host's DNS server read what it answers about, and give it the address that pods ask."""
    rules = [_rule("", "namespaces services pods", _READ), _rule("discovery.k8s.io", "endpointslices", _READ)]
    user: Manifest = {"kind": "User", "name": "bed-dns", "apiGroup": "rbac.authorization.k8s.io"}
    name = {"name": "kube-dns", "namespace": "kube-system"}
    protocols = (("dns", "UDP"), ("dns-tcp", "TCP"))
    service = {
        "clusterIP": DNS_SERVICE,
        "ports": [{"name": name, "protocol": protocol, "port": 53} for name, protocol in protocols],
    }
    return [
        _role("bed-dns", rules),
        _cluster_binding("bed-dns", role="bed-dns", subject=user),
        {"apiVersion": "v1", "kind": "Service", "metadata": name, "spec": service},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**name, "labels": {"kubernetes.io/service-name": "kube-dns"}},
            "addressType": "IPv4",
            "ports": [{"name": name, "protocol": protocol, "port": DNS_PORT} for name, protocol in protocols],
            "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
        },
    ]


def let_in(namespace: str) -> Manifest:
    """The RoleBinding by which `namespace` lets Sealane deploy there."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": DEPLOYER, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": DEPLOYER},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }


def apply(layout: Layout, wanted: list[Manifest]) -> None:
    """Apply `wanted` as the cluster's administrator."""
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted})
    kubectl(layout, "apply", "--server-side", "--force-conflicts", "--validate=false", "-f", "-", given=document)


def write_account(layout: Layout) -> None:
    """Write the kubeconfig with a fresh token of Sealane's account."""
    life = f"--duration={_TOKEN_LIFE}"
    token = kubectl(layout, "create", "token", ACCOUNT, f"--namespace={NAMESPACE}", life).strip()
    seen = json.loads(kubectl(layout, "config", "view", "--minify", "--flatten", "--raw", "--output=json"))
    kubeconfigs.write(layout.sealane_kubeconfig, kubeconfigs.with_token(seen["clusters"][0]["cluster"], token))


def account_works(layout: Layout) -> bool:
    """Say whether Sealane's kubeconfig signs in as its account."""
    whoami = ["auth", "whoami", "--output=jsonpath={.status.userInfo.username}"]
    return answer(layout, *whoami, kubeconfig=layout.sealane_kubeconfig) == ACCOUNT_USER


def _rule(group: str, resources: str, verbs: tuple[str, ...]) -> Manifest:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


def _role(name: str, rules: list[Manifest]) -> Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }


def _cluster_binding(name: str, *, role: str, subject: Manifest) -> Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }
