"""Installs a relay in a cluster, as Kubernetes' own manifests. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.destinations.kubernetes import rights

_FOLDER = "/run/sealane"
_USER = 65532


def manifests(
    relay: str, granted: Sequence[Mapping[str, Any]], *, server: str, image: str, account: rights.Account
) -> list[Mapping[str, Any]]:
    """The account with its `granted` rules, and the relay's Deployment, in the order of applying.

    The Deployment, and the Secret with its token, have the account's name.
    """
    labels = {"app.kubernetes.io/name": "sealane-relay", "app.kubernetes.io/instance": relay}
    container = {
        "name": "relay",
        "image": image,
        "args": ["relay", "--server", server, "--token-file", f"{_FOLDER}/token"],
        "resources": {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "token", "mountPath": _FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
        ],
    }
    pod = {
        "serviceAccountName": account.name,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "token", "secret": {"secretName": account.name}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": account.name, "namespace": account.home, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    return [*granted, deployment]
