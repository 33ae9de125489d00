"""Patches give what `kubectl patch --local` makes of the same object: strategic merges, merges of unknown kinds, JSON Patch."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from sealane.stencils import render_inputs, rendering
from tests.bed import Kubectl
from tests.scenarios.test_rendering import tree_of

FORMATION = """formation: dev
environment: dev
destination: bed
namespace: shop
patches: [{path: deploy/patch.yaml, target: {name: web}}]
"""
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"a": "1", "b": "2"}, "finalizers": ["x.io/one"]},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "web:1",
                        "args": ["--one", "--two"],
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "ports": [{"containerPort": 80, "name": "http"}],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                    },
                    {"name": "side", "image": "side:1"},
                ],
                "volumes": [{"name": "data", "emptyDir": {}}],
                "tolerations": [{"key": "a", "operator": "Exists"}],
                "imagePullSecrets": [{"name": "one"}],
            },
        },
    },
}
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"app": "web", "part": "front"}, "ports": [{"port": 80, "name": "http", "protocol": "TCP"}]},
}
CUSTOM: dict[str, Any] = {
    "apiVersion": "example.com/v1",
    "kind": "Moon",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"items": [{"name": "a", "n": 1}, {"name": "b"}], "nested": {"x": 1, "y": {"z": 2}}},
}


def pod(**spec: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


MERGES = [
    pytest.param(DEPLOYMENT, {"metadata": {"labels": {"b": None, "c": "3"}}, "spec": {"replicas": 5}}, id="fields"),
    pytest.param(
        DEPLOYMENT,
        pod(containers=[{"name": "web", "env": [{"name": "B", "value": "9"}], "args": ["--x"]}]),
        id="a field",
    ),
    pytest.param(
        DEPLOYMENT,
        pod(containers=[{"name": "web", "env": [{"name": "A", "$patch": "delete"}], "resources": {"limits": None}}]),
        id="an item taken away",
    ),
    pytest.param(DEPLOYMENT, pod(containers=[{"name": "side", "$patch": "delete"}]), id="a container taken away"),
    pytest.param(
        DEPLOYMENT, pod(containers=[{"$patch": "replace"}, {"name": "only", "image": "only:1"}]), id="a list replaced"
    ),
    pytest.param(
        DEPLOYMENT,
        pod(containers=[{"name": "web", "resources": {"$patch": "replace", "requests": {"cpu": "2"}}}]),
        id="a mapping replaced",
    ),
    pytest.param(
        DEPLOYMENT,
        pod(volumes=[{"name": "data", "emptyDir": None, "configMap": {"name": "c"}}], tolerations=[{"key": "b"}]),
        id="a union, and a list without keys",
    ),
    pytest.param(DEPLOYMENT, {"metadata": {"finalizers": ["x.io/one", "x.io/two"]}}, id="a list of texts, each once"),
    pytest.param(
        SERVICE,
        {"spec": {"selector": {"$patch": "replace", "role": "web"}, "ports": [{"port": 80, "nodePort": 30080}]}},
        id="a port of a Service",
    ),
]
UNKNOWN = [
    {"spec": {"items": [{"name": "c"}], "nested": {"y": {"z": None, "w": 1}}}},
    {"spec": {"nested": None, "more": {"a": [1, {"b": True}]}}},
]
OPERATIONS = [
    [
        {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "new", "image": "new:1"}},
        {"op": "add", "path": "/spec/template/spec/containers/0/env/1", "value": {"name": "C", "value": "3"}},
        {"op": "remove", "path": "/metadata/labels/a"},
    ],
    [
        {"op": "test", "path": "/spec/replicas", "value": 2},
        {"op": "replace", "path": "/spec/replicas", "value": 4},
        {"op": "copy", "from": "/metadata/labels", "path": "/spec/template/metadata/annotations"},
        {"op": "add", "path": "/metadata/annotations", "value": {"a/b~c": "1"}},
        {"op": "replace", "path": "/metadata/annotations/a~1b~0c", "value": "2"},
        {"op": "move", "from": "/spec/template/spec/containers/1", "path": "/spec/template/spec/containers/0"},
    ],
]


def ours(given: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The object as it is rendered."""
    files = {
        "deploy/formations/dev.yaml": FORMATION,
        "deploy/stencils/web.yaml": yaml.safe_dump(given),
        "deploy/patch.yaml": yaml.safe_dump(patch),
    }
    sources, findings = render_inputs.gather(tree_of(files), "dev")
    assert sources is not None, findings
    revision, findings = rendering.render(sources, rendering.Inputs(app="shop", images={}))
    assert revision is not None, findings
    return revision.objects[0].object


def theirs(kubectl: Kubectl, kind: str, given: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The object as kubectl would send it."""
    words = ("patch", "--local", "-f", "-", "--type", kind, "-p", json.dumps(patch), "-o", "json")
    made: dict[str, Any] = json.loads(kubectl(*words, given=json.dumps(given)))
    made.pop("status", None)
    return _without_nothing(made)


def _without_nothing(value: Any) -> Any:
    """Without the empty fields that kubectl's own types add."""
    if isinstance(value, dict):
        rest = {key: _without_nothing(child) for key, child in value.items()}
        return {key: child for key, child in rest.items() if child is not None and (child != {} or key == "emptyDir")}
    return [_without_nothing(child) for child in value] if isinstance(value, list) else value


def _sorted(value: Any) -> Any:
    """A strategic merge leaves the order of a list with keys open: kubectl puts new items in front, and we at the end."""
    if isinstance(value, dict):
        return {key: _sorted(child) for key, child in value.items()}
    if isinstance(value, list):
        items = [_sorted(item) for item in value]
        return sorted(items, key=json.dumps) if all(isinstance(item, dict) for item in items) else items
    return value


@pytest.mark.parametrize(("given", "patch"), MERGES)
def test_a_merge(kubectl: Kubectl, given: dict[str, Any], patch: Any) -> None:
    assert _sorted(_without_nothing(ours(given, patch))) == _sorted(theirs(kubectl, "strategic", given, patch))


@pytest.mark.parametrize("patch", UNKNOWN)
def test_a_merge_into_an_unknown_kind(kubectl: Kubectl, patch: Any) -> None:
    assert _without_nothing(ours(CUSTOM, patch)) == theirs(kubectl, "merge", CUSTOM, patch)


@pytest.mark.parametrize("operations", OPERATIONS)
def test_operations(kubectl: Kubectl, operations: list[dict[str, Any]]) -> None:
    assert ours(DEPLOYMENT, operations) == theirs(kubectl, "json", DEPLOYMENT, operations)
