"""Installs a relay in a cluster, as Kubernetes' own manifests. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.destinations.kubernetes import rights

_FOLDER = "/run/sealane"
_TRUSTED, _CERTIFICATE = "/run/sealane-authority", "ca.crt"
_USER = 65532


def manifests(
    relay: str,
    granted: Sequence[Mapping[str, Any]],
    *,
    server: str,
    image: str,
    account: rights.Account,
    authority: str | None = None,
) -> list[Mapping[str, Any]]:
    """The account with its `granted` rules, and the relay's Deployment, in the order of applying.

    The Deployment, and the Secret with its token, have the account's name. `authority` is the certificate in PEM of the
    authority that the relay trusts for the server, in place of the public ones.
    """
    labels = {"app.kubernetes.io/name": "sealane-relay", "app.kubernetes.io/instance": relay}
    container: dict[str, Any] = {
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
    pod: dict[str, Any] = {
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
    if authority is None:
        return [*granted, deployment]
    name = f"{account.name}-authority"
    container["env"] = [{"name": "SSL_CERT_FILE", "value": f"{_TRUSTED}/{_CERTIFICATE}"}]
    container["volumeMounts"].append({"name": "authority", "mountPath": _TRUSTED, "readOnly": True})
    pod["volumes"].append({"name": "authority", "configMap": {"name": name}})
    trusted = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": account.home, "labels": labels},
        "data": {_CERTIFICATE: authority},
    }
    return [*granted, trusted, deployment]
