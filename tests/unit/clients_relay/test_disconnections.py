"""A relay that can't connect says why, and what to do: its log is all that a newcomer has."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from sealane import log_lines
from sealane.clients.relay.dialer import Dialer, ServerAddress

_AUTHORITY = """[ca]
default_ca = own
[own]
new_certs_dir = .
database = index
serial = serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = NAME
"""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[dict[str, Any]]:
    """The lines of the relay's log."""
    lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    monkeypatch.setattr(log_lines, "event", lambda event, **told: lines.put_nowait({"event": event, **told}))
    return lines


def certificate(folder: Path, *, name: str = "IP:127.0.0.1", ends: str = "21260101000000Z") -> tuple[Path, Path]:
    """A certificate for that name until then, signed by itself, and its key."""
    (folder / "index").touch()
    (folder / "serial").write_text("01")
    (folder / "config").write_text(_AUTHORITY.replace("NAME", name))
    key, request, cert = (folder / part for part in ("key", "request", "cert"))
    made = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    signed = ["openssl", "ca", "-selfsign", "-batch", "-config", "config", "-startdate", "20200101000000Z"]
    for command in (
        [*made, "-subj", "/CN=test", "-keyout", str(key), "-out", str(request)],
        [*signed, "-enddate", ends, "-keyfile", str(key), "-in", str(request), "-out", str(cert), "-notext"],
    ):
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return cert, key


@asynccontextmanager
async def answering(status: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server that answers every request so."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text="<h1>hello</h1>")

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    server = TestServer(app, scheme="https" if tls else "http")
    await server.start_server(ssl=tls, shutdown_timeout=0)
    yield str(server.make_url(""))
    await server.close()


async def reason(address: str, said: asyncio.Queue[dict[str, Any]], trusted: ssl.SSLContext | None = None) -> str:
    """Why the relay is not connected."""
    task = asyncio.create_task(Dialer(ServerAddress(url=address, token="t", trusted=trusted), None).run())  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(60):
            line = await said.get()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert line["event"] == "relay.disconnected"
    return str(line["reason"])


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "does not take the token"),
        (404, "nothing there takes relays: is --server the address of Sealane"),
        (200, "(it answers 200)"),
        (502, "the proxy before it does not reach it"),
    ],
)
async def test_an_answer_of_something_else(status: int, told: str, said: asyncio.Queue[dict[str, Any]]) -> None:
    async with answering(status) as address:
        assert told in await reason(address, said)


@pytest.mark.parametrize(
    ("given", "trusts", "told"),
    [
        ({"ends": "20210101000000Z"}, True, "its certificate is not trusted: certificate has expired"),
        ({"name": "DNS:elsewhere.example.com"}, True, "IP address mismatch"),
        ({}, False, "(an authority of your own is named by SSL_CERT_FILE)"),
    ],
    ids=["expired", "of another name", "of an unknown authority"],
)
async def test_a_certificate_that_is_not_trusted(
    given: dict[str, str], trusts: bool, told: str, tmp_path: Path, said: asyncio.Queue[dict[str, Any]]
) -> None:
    cert, key = await asyncio.to_thread(lambda: certificate(tmp_path, **given))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(cert, key)
    trusted = ssl.create_default_context(cafile=str(cert) if trusts else None)
    async with answering(401, tls) as address:
        said_why = await reason(address, said, trusted)
    assert told in said_why
    assert ("SSL_CERT_FILE" in said_why) is not trusts


async def test_a_server_that_is_not_there(said: asyncio.Queue[dict[str, Any]]) -> None:
    assert "it can't be reached (connection refused): is --server right" in await reason(
        f"http://127.0.0.1:{unused_port()}", said
    )
    assert "no server has that name (" in await reason("http://no-such-server.invalid", said)


async def test_tls_where_none_is_spoken(said: asyncio.Queue[dict[str, Any]]) -> None:
    async with answering(401) as address:
        told = await reason(address.replace("http:", "https:"), said, ssl.create_default_context())
    assert "is the scheme of --server right? (" in told
    assert "permitted" not in told
