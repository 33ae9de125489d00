"""Signing in: kubeconfigs, plugins, and what is said when there is nothing to sign in with."""

from __future__ import annotations

import base64
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from sealane.clients.kubernetes import credentials, errors
from tests.unit.clients_kubernetes.fake_api import write_kubeconfig

URL = "http://127.0.0.1:9"


def plugin(path: Path, credential: dict[str, Any], *, code: int = 0, words: str = "") -> dict[str, Any]:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": credential}
    path.write_text(f"#!/bin/sh\necho '{words}' >&2\necho '{json.dumps(answer)}'\nexit {code}\n")
    path.chmod(stat.S_IRWXU)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path)}}


async def sign_in(kubeconfig: Path, **more: Any) -> credentials.SignIn:
    return await credentials.sign_in(credentials.Source(kubeconfig=kubeconfig, **more))


async def test_a_token_is_read(tmp_path: Path) -> None:
    credentials = await sign_in(write_kubeconfig(tmp_path / "k", URL, {"token": "secret-token"}))
    assert (credentials.server, credentials.authorization, credentials.renew_at) == (URL, "Bearer secret-token", None)
    assert "secret-token" not in repr(credentials)


async def test_a_plugin_is_asked_and_its_token_is_renewed_before_its_end(tmp_path: Path) -> None:
    user = plugin(tmp_path / "p", {"token": "from-plugin", "expirationTimestamp": "2036-01-01T00:00:00Z"})
    credentials = await sign_in(write_kubeconfig(tmp_path / "k", URL, user))
    assert credentials.authorization == "Bearer from-plugin"
    assert credentials.renew_at is not None
    assert credentials.renew_at.isoformat() == "2035-12-31T23:59:00+00:00"


async def test_a_failing_plugin_is_an_error_with_its_words(tmp_path: Path) -> None:
    user = plugin(tmp_path / "p", {}, code=1, words="log in first")
    with pytest.raises(errors.NoSignIn, match="log in first"):
        await sign_in(write_kubeconfig(tmp_path / "k", URL, user))


async def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.NoSignIn, match=r"no kubeconfig at .*nowhere"):
        await sign_in(tmp_path / "nowhere")


async def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.NoSignIn, match="elsewhere"):
        await sign_in(write_kubeconfig(tmp_path / "k", URL, {"token": "x"}), context="elsewhere")


async def test_in_cluster_outside_a_pod_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(errors.NoSignIn, match="inside a pod"):
        await credentials.sign_in(credentials.Source(in_cluster=True))


async def test_the_kubeconfig_variable_may_name_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = write_kubeconfig(tmp_path / "second", URL, {"token": "second"})
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "missing"), str(second)]))
    assert (await credentials.sign_in(credentials.Source())).authorization == "Bearer second"


async def test_keys_do_not_stay_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: tuple[bytes, bytes]
) -> None:
    """Certificates unpacked from the kubeconfig are gone once they are loaded, however often one signs in."""
    certificate, key = (base64.b64encode(part).decode() for part in authority)
    user = {"client-certificate-data": certificate, "client-key-data": key}
    kubeconfig = write_kubeconfig(tmp_path / "k", "https://127.0.0.1:9", user)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(unpacked))
    first, second = await sign_in(kubeconfig), await sign_in(kubeconfig)
    assert first.tls is not None
    assert first.fingerprint == second.fingerprint
    assert list(unpacked.iterdir()) == []
