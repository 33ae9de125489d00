"""A program's way to an API server: its writes wait for the fence, and Secrets that Go programs send are understood."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from sealane import errors
from sealane.clients.kubernetes import secret_protobuf
from sealane.clients.kubernetes.exchange import Call, Limits, Response
from sealane.clients.kubernetes.gateway import Gateway


def field(number: int, value: bytes | str) -> bytes:
    """A field of a message, with its length."""
    body = value.encode() if isinstance(value, str) else value
    size, length = len(body), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


def entry(number: int, key: str, value: bytes | str) -> bytes:
    return field(number, field(1, key) + field(2, value))


def message(kind: str = "Secret") -> bytes:
    """What helm sends for a record, as far as it matters."""
    metadata = field(1, "sh.helm.release.v1.shop.v1") + field(2, "") + field(8, b"\x08\x00\x10\x00")
    metadata += entry(11, "owner", "helm") + entry(11, "status", "deployed") + entry(12, "a", "é")
    secret = field(1, metadata) + entry(2, "release", b"x" * 300) + field(3, "helm.sh/release.v1")
    return b"k8s\x00" + field(1, field(1, "v1") + field(2, kind)) + field(2, secret) + field(3, "") + field(4, "")


def test_a_secret_in_protobuf_is_read() -> None:
    """With all that a record has; another kind is not read."""
    assert secret_protobuf.decoded(message()) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "sh.helm.release.v1.shop.v1",
            "labels": {"owner": "helm", "status": "deployed"},
            "annotations": {"a": "é"},
        },
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(b"x" * 300).decode()},
    }
    assert secret_protobuf.decoded(message("ConfigMap")) is None


@pytest.mark.parametrize("cut", [1, 5, 40, 200, len(message()) - 6])
def test_a_message_that_is_cut_off_is_no_secret(cut: int) -> None:
    """Nothing is made up in its place."""
    with pytest.raises(ValueError, match=r"message|envelope|end|type"):
        secret_protobuf.decoded(message()[:cut])


class Server:
    """An API server that answers with what it was asked."""

    server = "https://there"

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def reachable(self) -> None: ...

    @asynccontextmanager
    async def send(self, call: Call, limits: Limits) -> AsyncIterator[Response]:
        del limits
        self.calls.append(call)

        async def chunks() -> AsyncIterator[bytes]:
            yield b"it"

        yield Response(status=201, content_type="text/plain", retry_after=None, chunks=chunks())


async def test_writes_wait_for_the_fence_and_are_rewritten() -> None:
    """Reads don't; without the fence nothing arrives, and nobody else gets in."""
    server, held = Server(), True

    async def fence() -> None:
        if not held:
            raise errors.Fenced("another worker has taken over")

    def rewrite(method: str, manifest: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        return "PATCH" if method == "PUT" else method, {**manifest, "seen": True}

    way = Gateway(server, fence=fence, rewrite=rewrite, spares=lambda path: path.endswith("/stays"))
    async with way.open(), httpx.AsyncClient(trust_env=False) as client:
        base = json.loads(way.kubeconfig("n"))["clusters"][0]["cluster"]["server"]
        assert (await client.get(f"{base}/api?limit=5")).text == "it"
        assert not way.wrote
        headers = {"Content-Type": secret_protobuf.TYPE}
        await client.put(f"{base}/api/v1/namespaces/n/secrets/s", content=message(), headers=headers)
        read, put = server.calls
        assert (read.method, read.path, read.query) == ("GET", "/api", {"limit": "5"})
        assert (put.method, put.content_type) == ("PATCH", "application/merge-patch+json")
        assert json.loads(put.body or b"") == {**(secret_protobuf.decoded(message()) or {}), "seen": True}
        assert way.wrote
        spared = await client.delete(f"{base}/api/v1/namespaces/n/configmaps/stays")
        assert (spared.status_code, spared.json()["status"]) == (200, "Success")
        assert len(server.calls) == 2
        await client.delete(f"{base}/api/v1/namespaces/n/configmaps/goes")
        assert server.calls.pop().method == "DELETE"
        held = False
        assert (await client.post(f"{base}/api/v1/pods", json={})).status_code == 503
        assert isinstance(way.trouble, errors.Fenced)
        other = base.rpartition("/")[0] + "/" + "0" * 64
        assert (await client.get(f"{other}/api")).status_code == 401
        assert (await client.get(f"{base.rpartition('/')[0]}/api")).status_code == 404
        assert len(server.calls) == 2
