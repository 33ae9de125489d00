"""Rooms that serve every destination know no pods: what is Kubernetes' is said, and decided, in its folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import pytest

from tests.architecture import trees

ROOMS = ("approvals", "deployments", "formations", "records", "releases", "stencils", "store", "verdicts", "workflows")
KUBERNETES = re.compile(
    r"\bpods?\b|\b(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|CronJob|Job|Pod)/|^(?:StatefulSet|DaemonSet|Pod|Secret|ConfigMap)$",
    re.IGNORECASE,
)
FIELDS = re.compile(r"OLD_POD_STUCK|old_pod_stuck")
"""A kind of fact, which any destination may have under its own word."""
KNOWN = {
    "stencils/model.py": "what older revisions don't say, and the default",
    "stencils/substitution.py": "where Kubernetes' schema takes nothing but a text, so that a number is told at its place",
}


def texts(nodes: Sequence[ast.AST]) -> Iterator[ast.Constant]:
    """Constants that are no docstrings."""
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node


@pytest.mark.parametrize("room", ROOMS)
def test_no_neutral_room_names_what_only_a_cluster_has(room: str) -> None:
    violations = [
        f"{name}:{node.lineno}: {node.value}"
        for name in trees.texts()
        if name.startswith(f"{room}/") and "/migrations/" not in name and name not in KNOWN
        for node in texts(trees.nodes(name))
        if KUBERNETES.search(FIELDS.sub("", str(node.value)))
    ]
    assert violations == []
