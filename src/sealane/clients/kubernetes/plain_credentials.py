"""The sign-in of a simple kubeconfig: a token or a client certificate, in one file.

The official package can read it, too, but its import takes longer than a whole deployment without changes. It handles
everything else (plugins, providers, token files, passwords, proxies, several files).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_CLUSTER = frozenset(
    [
        "server",
        "certificate-authority",
        "certificate-authority-data",
        "insecure-skip-tls-verify",
        "tls-server-name",
        "extensions",
    ]
)
_USER = frozenset(["token", "client-certificate", "client-certificate-data", "client-key", "client-key-data"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """The content of such a kubeconfig."""

    server: str
    token: str | None
    tls: ssl.SSLContext | None
    fingerprint: str
    server_name: str | None

    def __repr__(self) -> str:
        return f"Plain(server={self.server!r})"


def read(path: Path, context: str | None) -> Plain | None:
    """The sign-in; None if it is not that simple, or anything about the file is unusual."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        chosen = _named(content["contexts"], "context", context or content["current-context"])
        cluster = _named(content["clusters"], "cluster", chosen["cluster"])
        user = _named(content["users"], "user", chosen["user"])
        if not (cluster.keys() <= _CLUSTER and user.keys() <= _USER and _one_credential(user)):
            return None
        return _plain(cluster, user, path.parent)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError, binascii.Error):
        return None  # the official package reports the problem


def _named(entries: list[Mapping[str, Any]], section: str, name: str) -> Mapping[str, Any]:
    matching = [entry[section] for entry in entries if entry["name"] == name]
    if len(matching) != 1:
        raise KeyError(name)
    entry: Mapping[str, Any] = matching[0]
    return entry


def _one_credential(user: Mapping[str, Any]) -> bool:
    certificate = any(key.startswith("client-certificate") for key in user)
    key = any(key.startswith("client-key") for key in user)
    return ("token" in user) is not certificate and certificate is key


def _plain(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> Plain | None:
    server = str(cluster["server"]).rstrip("/")
    if not server.startswith("https://"):
        return None
    authority = _material(cluster, "certificate-authority", folder)
    certificate = _material(user, "client-certificate", folder)
    key = _material(user, "client-key", folder)
    insecure = bool(cluster.get("insecure-skip-tls-verify"))
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    # clusters' own authorities often lack a key identifier; kubectl accepts that
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate and key:
        _load(tls, certificate, key)
    if insecure:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    token = user.get("token")
    digest = hashlib.sha256(f"{server} {not insecure}".encode())
    for part in (authority, certificate, key):
        digest.update(part or b"-")
    return Plain(
        server=server,
        token=str(token) if token else None,
        tls=tls,
        fingerprint=digest.hexdigest(),
        server_name=cluster.get("tls-server-name"),
    )


def _material(entry: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    """Data in the kubeconfig itself, else of the file that it names; paths are relative to the kubeconfig."""
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data)
    return (folder / entry[name]).read_bytes() if entry.get(name) else None


def _load(tls: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Python loads certificates from files only; they are deleted at once."""
    with tempfile.TemporaryDirectory(prefix="sealane-") as folder:
        path = Path(folder) / "pair.pem"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        tls.load_cert_chain(path)
