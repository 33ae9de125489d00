"""Registries that a commit names and that answer as they like: a retag takes what an image is made of, and nothing else."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from sealane.clients import registry as registries
from sealane.clients import registry_copy
from sealane.clients.registry_access import EndlessAnswer, RegistryAccess
from sealane.egress import Allowlist, Patience, network
from sealane.errors import SealaneError
from sealane.images import references

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
ENDLESS = 64 * 1024 * 1024
"""Bytes: many times what is read of an answer."""


def sha(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def part(body: bytes, *, size: int | None = None, **more: Any) -> dict[str, Any]:
    return {"digest": sha(body), "size": len(body) if size is None else size, **more}


def image(*layers: Mapping[str, Any]) -> bytes:
    config = part(CONFIG, mediaType="application/vnd.oci.image.config.v1+json")
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [*layers]}).encode()


def index(*digests: str) -> bytes:
    named = [{"mediaType": MANIFEST, "digest": digest, "size": 3} for digest in digests]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": named}).encode()


@dataclass
class Source:
    """A registry that has what is put there, by the end of the address, and keeps what it was asked for."""

    port: int = 0
    has: dict[str, bytes | None] = field(default_factory=dict)
    """None: an answer that goes on and on."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def reference(self, pointer: str = ":1") -> references.Reference:
        return references.parse(f"localhost:{self.port}/x/y{pointer}")


@pytest.fixture
def source() -> Iterator[Source]:
    here = Source()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            here.asked.append(self.path)
            wanted = next((name for name in here.has if self.path.endswith(name)), None)
            body = here.has[wanted] if wanted else b"{}"
            self.send_response(here.status if wanted else 404)
            kind = INDEX if body and b'"manifests"' in body else MANIFEST
            length = str(ENDLESS if body is None else len(body))
            for name, value in {"Content-Type": kind, "Content-Length": length, **here.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            try:
                for piece in [body] if body is not None else [b"[" * 65536] * (ENDLESS // 65536):
                    self.wfile.write(piece)
            except OSError:
                self.close_connection = True

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


@pytest.fixture
def target(registry: str) -> str:
    return f"{registry}/t{secrets.token_hex(4)}"


async def copied(source: Source, target: str) -> str:
    """Into the real registry, with limits as a server has them."""
    networks = (network("127.0.0.0/8"), network("::1/128"))
    hosts, own = (f"localhost:{source.port}",), (target.partition("/")[0],)
    allowed = Allowlist(hosts=hosts, own=own, networks=networks, listed_in="SEALANE_REGISTRY__HOSTS")
    access = RegistryAccess(allowed=allowed, patience=Patience(silence=30, whole=60))
    return await registry_copy.copy(source.reference(), references.parse(f"{target}:1"), access)


async def test_a_layer_that_is_longer_than_it_says_is_no_request_to_the_target(source: Source, target: str) -> None:
    """What stood behind its end was the next request on the connection, and wrote an image of another app's."""
    victim = f"t{secrets.token_hex(4)}"
    own = secrets.token_bytes(8)
    evil = index()
    head = f"PUT /v2/{victim}/manifests/owned HTTP/1.1\r\nHost: x\r\nContent-Type: {INDEX}\r\nContent-Length: {len(evil)}\r\n\r\n"
    source.has = {"/manifests/1": image(part(own)), sha(CONFIG): CONFIG, sha(own): own + head.encode() + evil}
    with pytest.raises(SealaneError, match="gives a layer of another length than its manifest says"):
        await copied(source, target)
    assert not exists(target.partition("/")[0], f"{victim}/manifests/owned")
    assert not exists(*_place(target))


async def test_a_layer_that_is_shorter_than_it_says_keeps_nobody_waiting(source: Source, target: str) -> None:
    own = secrets.token_bytes(8)
    source.has = {"/manifests/1": image(part(own, size=4096)), sha(CONFIG): CONFIG, sha(own): own}
    with pytest.raises(SealaneError, match="gives a layer of another length"):
        await copied(source, target)
    assert not exists(*_place(target))


async def test_no_blob_of_another_repository_comes_along(source: Source, target: str) -> None:
    """A manifest names the layer of a private image by its digest; the registry has it, and the app's folder does not get it.

    Neither from a host elsewhere, nor from a repository of the same registry that hasn't it: a mount is asked of the
    source alone, and the registry gives none of what the source lacks.
    """
    host = target.partition("/")[0]
    layer = secrets.token_bytes(32)
    victim = f"t{secrets.token_hex(4)}"
    uploaded(host, victim, layer)
    uploaded(host, victim, CONFIG)
    source.has = {"/manifests/1": image(part(layer)), sha(CONFIG): CONFIG}
    with pytest.raises(SealaneError):
        await copied(source, target)
    assert not has_blob(target, layer)

    beside = f"t{secrets.token_hex(4)}"
    uploaded(host, beside, CONFIG)
    put = {"content": image(part(layer)), "headers": {"Content-Type": MANIFEST}}
    assert httpx.put(f"http://{host}/v2/{beside}/manifests/1", timeout=30, **put).status_code == 400
    mounted = {"mount": sha(layer), "from": beside}
    begun = httpx.post(f"http://{host}/v2/{target.partition('/')[2]}/blobs/uploads/", params=mounted, timeout=30)
    assert begun.status_code == 202, "an upload begins, nothing is mounted"
    assert not has_blob(target, layer)


async def test_a_layer_that_is_said_to_be_elsewhere_is_not_fetched_from_there(source: Source, target: str) -> None:
    """It may be anybody's, at an address that the server alone can reach."""
    there = f"http://localhost:{source.port}/elsewhere"
    source.has = {"/manifests/1": image(part(b"x", urls=[there])), sha(CONFIG): CONFIG, "/elsewhere": b"x"}
    with suppress(SealaneError):
        await copied(source, target)
    assert "/elsewhere" not in source.asked
    assert not has_blob(target, b"x")


def uploaded(host: str, path: str, blob: bytes) -> None:
    """Puts a blob into a repository of the real registry, as its owner does."""
    begun = httpx.post(f"http://{host}/v2/{path}/blobs/uploads/", timeout=30)
    place = httpx.URL(begun.headers["location"]).copy_merge_params({"digest": sha(blob)})
    assert httpx.put(place, content=blob, timeout=30).status_code == 201


def has_blob(repository: str, blob: bytes) -> bool:
    host, _, path = repository.partition("/")
    return httpx.head(f"http://{host}/v2/{path}/blobs/{sha(blob)}", timeout=30).status_code == 200


ODD = {
    "a list": b"[]",
    "words": b"hello",
    "not UTF-8": b'{"config": "\xff"}',
    "nested deeply": b'{"x":' * 100_000,
    "nested deeply where it is read": b'{"manifests":' + b"[" * 100_000,
    "a number without an end": b'{"layers":[{"digest":"","size":' + b"9" * 5000 + b"}]}",
    "a configuration that is none": b'{"config": 7}',
    "a size in words": json.dumps({"layers": [{"digest": sha(b""), "size": "big"}]}).encode(),
    "a size below nothing": json.dumps({"layers": [part(b"", size=-1)]}).encode(),
    "an index of another repository": index("../../../victim/manifests/latest"),
    "an index of another host": index("http://127.0.0.1:9/v2/victim/manifests/latest"),
    "a layer of another repository": json.dumps(
        {"layers": [{"digest": f"../../z/blobs/{sha(b'')}", "size": 1}]}
    ).encode(),
    "a layer with a question": json.dumps({"layers": [{"digest": f"{sha(b'')}?from=z", "size": 1}]}).encode(),
    "a layer with a line break": json.dumps({"layers": [{"digest": f"{sha(b'')}\n", "size": 1}]}).encode(),
    "an index of many": index(*(sha(str(number).encode()) for number in range(501))),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
async def test_what_is_no_manifest_is_refused_before_anything_of_it_is_asked_for(
    body: bytes, source: Source, target: str
) -> None:
    source.has = {"/manifests/1": body}
    with pytest.raises(SealaneError, match=r"has no manifest of an image: ") as told:
        await copied(source, target)
    assert not told.value.retry
    assert source.asked == ["/v2/x/y/manifests/1"]
    assert not exists(*_place(target))


async def test_an_index_leads_to_what_its_digests_say(source: Source, target: str) -> None:
    """Else it could lead on and on, each time to another one."""
    source.has = {"/manifests/1": index(sha(b"one")), sha(b"one"): index(sha(b"two")), sha(b"two"): index(sha(b"one"))}
    with pytest.raises(SealaneError, match=f"gives another manifest than {sha(b'one')}"):
        await copied(source, target)
    assert len(source.asked) == 2


async def test_indexes_in_indexes_end(source: Source, target: str) -> None:
    deepest = image()
    source.has = {sha(CONFIG): CONFIG, sha(deepest): deepest}
    for _ in range(5):
        outer = index(sha(deepest))
        source.has[sha(outer)] = deepest = outer
    source.has["/manifests/1"] = deepest
    with pytest.raises(SealaneError, match="indexes in indexes, more than 3 deep"):
        await copied(source, target)


@pytest.mark.parametrize("status", [200, 301, 401, 404, 500])
async def test_no_answer_is_read_without_a_bound(status: int, source: Source, target: str) -> None:
    """A manifest, where it redirects to, how to sign in, an error."""
    here = f"http://localhost:{source.port}/v2/x/token"
    source.has, source.status = {"/manifests/1": None}, status
    source.headers = {"Location": here, "WWW-Authenticate": f'Bearer realm="{here}",service="x",scope="y"'}
    with pytest.raises(EndlessAnswer, match=r"answers with more than 4194304 bytes"):
        await copied(source, target)


async def test_a_token_is_not_read_without_a_bound(source: Source, target: str) -> None:
    here = f"http://localhost:{source.port}/v2/x/token"
    source.has, source.status = {"/manifests/1": b"{}", "scope=y": None}, 401
    source.headers = {"WWW-Authenticate": f'Bearer realm="{here}",service="x",scope="y"'}
    with pytest.raises(EndlessAnswer):
        await copied(source, target)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"token":' + b"9" * 5000 + b"}", b"[]", b"no"])
async def test_a_token_that_is_none_is_the_registrys_fault(body: bytes, source: Source, target: str) -> None:
    here = f"http://localhost:{source.port}/v2/x/token"
    source.has, source.status = {"/manifests/1": body, "scope=y": body}, 401
    source.headers = {"WWW-Authenticate": f'Bearer realm="{here}",service="x",scope="y"'}
    with pytest.raises(SealaneError, match=f"localhost:{source.port}"):
        await copied(source, target)


async def test_packed_bodies_are_not_unpacked(source: Source, target: str) -> None:
    source.has, source.headers = {"/manifests/1": b"\x1f\x8b" + bytes(100)}, {"Content-Encoding": "gzip"}
    with pytest.raises(SealaneError, match="has no manifest of an image"):
        await copied(source, target)


@pytest.mark.parametrize("said", ["latest", '"><script>', "sha256:../../x", f"{sha(b'')} x"])
async def test_a_digest_that_a_registry_names_is_one(said: str, source: Source) -> None:
    """It goes into releases and manifests."""
    source.has, source.headers = {"/manifests/1": image()}, {"Docker-Content-Digest": said}
    with pytest.raises(SealaneError, match="by something that is no digest"):
        await registries.digest(source.reference())


def exists(host: str, path: str) -> bool:
    kinds = f"{MANIFEST}, {INDEX}"
    return httpx.get(f"http://{host}/v2/{path}", headers={"Accept": kinds}, timeout=30).status_code == 200


def _place(target: str) -> tuple[str, str]:
    host, _, path = target.partition("/")
    return host, f"{path}/manifests/1"
