"""Hosts of Git LFS that say odd things of where a file is, and what is to be sent along."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sealane.clients import git_lfs
from sealane.errors import SealaneError
from tests.serving import repository

CONTENT = b"hello"
OID = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Host:
    """What it says of the file, and for which hosts it was asked."""

    port: int = 0
    says: dict[str, Any] = field(default_factory=dict)
    asked_for: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def host() -> Iterator[Host]:
    here = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            download = {"href": f"{here.url}/file", **here.says}
            self.answer(json.dumps({"objects": [{"oid": OID, "actions": {"download": download}}]}).encode())

        def do_GET(self) -> None:
            here.asked_for.append(self.headers["host"])
            self.answer(CONTENT)

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(CONTENT)}\n"
    return repository(tmp_path / "clone", {".gitattributes": "*.bin filter=lfs\n", "a.bin": pointer})


@pytest.mark.parametrize(
    "header",
    [
        {"Host": "internal.example.com"},
        {"host": "169.254.169.254"},
        {"Content-Length": "9"},
        {"Transfer-Encoding": "chunked"},
    ],
    ids=str,
)
async def test_it_says_for_no_request_whom_that_is_for(header: dict[str, str], host: Host, clone: Path) -> None:
    """Behind one address there may be hosts that operators did not list."""
    host.says = {"header": {"X-Fine": "1", **header}}
    await git_lfs.fetch(clone, f"{host.url}/shop.git")
    assert (clone / "a.bin").read_bytes() == CONTENT
    assert host.asked_for == [f"127.0.0.1:{host.port}"]


@pytest.mark.parametrize(
    "says",
    [
        {"header": {"X": "\u00e9\u2028"}},
        {"header": {"\u00e9": "x"}},
        {"header": {"X": "a\r\nY: b"}},
        {"header": {"X": "\ud800"}},
        {"href": "http://127.0.0.1/\ud800"},
        {"href": "http://127.0.0.1:99999999/"},
        {"href": "file:///etc/passwd"},
        {"href": "http://[/"},
    ],
    ids=ascii,
)
async def test_what_http_does_not_have_is_told_as_the_hosts_fault(
    says: dict[str, Any], host: Host, clone: Path
) -> None:
    host.says = says
    with pytest.raises(SealaneError, match=r"Git LFS|headers that HTTP does not have"):
        await git_lfs.fetch(clone, f"{host.url}/shop.git")
    assert host.asked_for == []
