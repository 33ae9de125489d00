"""A small API server and a client connected to it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sealane.clients.kubernetes import cluster
from tests.unit.clients_kubernetes.fake_api import FakeApi, write_kubeconfig


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
async def server(api: FakeApi) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", api.answer)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0)
    yield server
    await server.close()


@pytest.fixture
def kubeconfig(server: TestServer, tmp_path: Path) -> Path:
    return write_kubeconfig(
        tmp_path / "kubeconfig", str(server.make_url("")).rstrip("/"), {"token": "t0ken-of-the-test"}
    )


@pytest.fixture
async def connected(kubeconfig: Path) -> AsyncIterator[cluster.Cluster]:
    async with cluster.Cluster.connect(kubeconfig, patience=5.0) as made:
        yield made


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "cert").read_bytes(), (folder / "key").read_bytes()
