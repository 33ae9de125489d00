"""Kubeconfig files, as JSON, which is YAML too."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from testbed.layout import API_PORT, LOOPBACK, Layout


def with_certificate(layout: Layout, name: str) -> dict[str, object]:
    """A kubeconfig that signs in with the certificate called `name`, which is kept inside it."""
    return _config(
        cluster=_our_cluster(layout),
        user={
            "client-certificate-data": _encoded(layout.certificates / f"{name}.crt"),
            "client-key-data": _encoded(layout.certificates / f"{name}.key"),
        },
    )


def with_token(cluster: dict[str, object], token: str) -> dict[str, object]:
    """A kubeconfig for `cluster` that signs in with a service account's token."""
    return _config(cluster=cluster, user={"token": token})


def write(path: Path, config: dict[str, object]) -> None:
    """Write `config` so that only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1) + "\n")


def _our_cluster(layout: Layout) -> dict[str, object]:
    server = f"https://{LOOPBACK}:{layout.port(API_PORT)}"
    return {"server": server, "certificate-authority-data": _encoded(layout.certificates / "ca.crt")}


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _config(*, cluster: dict[str, object], user: dict[str, object]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bed", "cluster": cluster}],
        "users": [{"name": "bed", "user": user}],
        "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": "bed"}}],
        "current-context": "bed",
    }
