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
    trusted = f"{account.name}-authority" if authority is not None else None
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": account.name, "namespace": account.home, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": _pod(account.name, trusted, server=server, image=image),
            },
        },
    }
    if authority is None:
        return [*granted, deployment]
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": trusted, "namespace": account.home, "labels": labels},
        "data": {_CERTIFICATE: authority},
    }
    return [*granted, config_map, deployment]


def _pod(account: str, trusted: str | None, *, server: str, image: str) -> dict[str, Any]:
    """The relay's pod; `trusted` is the ConfigMap with the authority's certificate."""
    volumes: list[dict[str, Any]] = [
        {"name": "token", "secret": {"secretName": account}},
        {"name": "tmp", "emptyDir": {}},
    ]
    if trusted:
        volumes.append({"name": "authority", "configMap": {"name": trusted}})
    return {
        "serviceAccountName": account,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(server, image, trusts=trusted is not None)],
        "volumes": volumes,
    }


def _container(server: str, image: str, *, trusts: bool) -> dict[str, Any]:
    mounts: list[dict[str, Any]] = [
        {"name": "token", "mountPath": _FOLDER, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
    ]
    if trusts:
        mounts.append({"name": "authority", "mountPath": _TRUSTED, "readOnly": True})
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
        "volumeMounts": mounts,
    }
    if trusts:
        container["env"] = [{"name": "SSL_CERT_FILE", "value": f"{_TRUSTED}/{_CERTIFICATE}"}]
    return container
