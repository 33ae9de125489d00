"""Kinds are called as clusters call their resources."""

from __future__ import annotations

import pytest

from sealane.policies import kinds


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Pod", "pods"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("Gateway", "gateways"),
        ("StorageClass", "storageclasses"),
        ("Mutex", "mutexes"),
    ],
)
def test_plurals(kind: str, plural: str) -> None:
    assert kinds.plural(kind) == plural


def test_some_kinds_live_outside_of_namespaces() -> None:
    assert not kinds.resource("rbac.authorization.k8s.io", "ClusterRole", {}).namespaced
    assert kinds.resource("rbac.authorization.k8s.io", "Role", {}).namespaced
    assert kinds.resource("example.com", "Widget", {}).namespaced


def test_a_definition_among_the_objects_says_how_its_kind_is_called() -> None:
    definition = {
        "kind": "CustomResourceDefinition",
        "spec": {"group": "example.com", "scope": "Cluster", "names": {"kind": "Ox", "plural": "oxen"}},
    }

    custom = kinds.defined([definition, {"kind": "CustomResourceDefinition"}, {"kind": "Pod"}])

    assert kinds.resource("example.com", "Ox", custom) == kinds.Resource(name="oxen", namespaced=False)
