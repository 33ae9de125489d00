"""What installs a relay in a cluster, as Kubernetes' own manifests. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sealane.destinations.kubernetes import rights

SECRET = "sealane-relay"  # noqa: S105 - the name of a Secret
_FOLDER = "/run/sealane"
_USER = 65532


def manifests(
    relay: str, *, namespaces: Iterable[str], server: str, image: str, home: str, account: str
) -> list[dict[str, Any]]:
    """Account, rights in the namespaces, and the relay's Deployment, in the order of applying."""
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
        "serviceAccountName": account,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "token", "secret": {"secretName": SECRET}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "sealane-relay", "namespace": home, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    return [*rights.manifests(rights.USUAL, namespaces, account=account, home=home), deployment]
