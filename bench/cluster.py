"""Namespaces of the test bed's cluster, and the small application that is rolled out in them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.demo import places
from testbed.access import let_in
from testbed.layout import Layout
from testbed.record import Bed, read

MISSING_TAG = "never-pushed"
"""No image has this tag."""


def bed() -> Bed:
    """Every address of the running bed."""
    return read(Layout.from_environment().record)


def kubectl(here: Bed, *words: str, given: str | None = None) -> str:
    """What `kubectl WORDS` prints, as the cluster's administrator. Raises places.Broke when it fails."""
    return places.run(here.kubectl, f"--kubeconfig={here.admin_kubeconfig}", *words, given=given)


@contextmanager
def namespace(here: Bed) -> Iterator[str]:
    """A fresh namespace in which Sealane's account may deploy; removed afterwards."""
    name = f"bench-{secrets.token_hex(4)}"
    made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, let_in(name)]
    kubectl(here, "apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    try:
        kubectl(here, "wait", "--for=create", "serviceaccount/default", f"--namespace={name}", "--timeout=30s")
        yield name
    finally:
        kubectl(here, "delete", "namespace", name, "--wait=false")


def deployment(image: str, *, note: str = "first") -> dict[str, Any]:
    """A Deployment of one pod that stays up; a new note is a new revision of it."""
    container = {
        "name": "web",
        "image": image,
        "command": ["sleep", "3600"],
        "env": [{"name": "NOTE", "value": note}],
        "resources": {"requests": {"cpu": "1m"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"run": "web"}},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": {"run": "web"}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
            },
        },
    }


def missing(image: str) -> str:
    """The same image under a tag that does not exist."""
    return f"{image.rpartition(':')[0]}:{MISSING_TAG}"
