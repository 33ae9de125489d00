"""What a pushed commit makes a real server ask: its repository as whom it belongs to, and registries that are listed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import git_host, pretending, serving, ssh_host
from tests.serving import Serving, until

ENDED = {"passed", "failed", "broken"}
PIPELINE = 'app: APP\nimages:\n  cache: {retag: "SOURCE"}\n'


@pytest.fixture
def astray() -> Iterator[str]:
    """A registry that signs in at a link-local address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer realm="http://169.254.169.254/latest/token",service="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def run(server: Serving, host: git_host.GitHost, folder: Path, name: str, source: str) -> dict[str, Any]:
    """The run of a commit that retags the source, as it ended."""
    work = serving.repository(folder / name, {".sealane.yml": PIPELINE.replace("APP", name).replace("SOURCE", source)})
    serving.git(folder, "clone", "-q", "--bare", str(work), str(host.folder / f"{name}.git"))
    commit = serving.git(work, "rev-parse", "HEAD").stdout.strip()
    return hooked(server, name, f"{host.url}/{name}.git", commit)


def hooked(server: Serving, name: str, repository: str, commit: str) -> dict[str, Any]:
    """The run that a host's hook begins for an app at this repository, as it ended."""
    made = server.app(name, repository=repository)
    body = json.dumps(
        {
            "ref": "refs/heads/main",
            "before": "0" * 40,
            "after": commit,
            "repository": {
                "full_name": repository.rpartition("/")[2].removesuffix(".git"),
                "clone_url": repository,
                "default_branch": "main",
            },
        }
    ).encode()
    signature = hmac.new(made["hook_secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": name, "X-Hub-Signature-256": f"sha256={signature}"}
    headers["Content-Type"] = "application/json"
    begun = httpx.post(
        f"{server.url}/hooks/github/{name}", content=body, headers=headers, timeout=60, verify=False
    ).json()["run"]

    def ended() -> dict[str, Any] | None:
        with server.client() as client:
            view: dict[str, Any] = client.get(f"/api/runs/{begun}").json()
        return view if view["run"]["status"] in ENDED else None

    return until(f"the run of {name}", ended)


def test_a_retag_asks_listed_registries_only(astray: str, registry: str, busybox_image: str, tmp_path: Path) -> None:
    """The operators' own is one; one that is not is refused before anything runs, and one that leads astray when it does."""
    with git_host.serving(tmp_path / "host") as host:
        host.folder.mkdir()
        host.password = "kim:token"
        settings = {
            "SEALANE_REGISTRY__PREFIX": f"{registry}/egress",
            "SEALANE_REGISTRY__HOSTS": json.dumps([astray]),
            "SEALANE_GIT__HOSTS": json.dumps([host.url.removeprefix("http://")]),
            "SEALANE_GIT__TOKENS": json.dumps({host.url: "kim:token"}),
        }
        server = Serving(tmp_path / "server", {**pretending.SETTINGS, **settings}).start()
        try:
            own = run(server, host, tmp_path, "own", busybox_image)
            elsewhere = run(server, host, tmp_path, "elsewhere", "10.99.0.1:5000/base:1")
            led = run(server, host, tmp_path, "led", f"{astray}/base:1")
        finally:
            server.stop()
    assert own["run"]["status"] == "passed", serving.plain(own)
    assert elsewhere["steps"] == []
    assert "the operators don't let 10.99.0.1:5000 be asked" in elsewhere["run"]["reason"]
    assert led["steps"][0]["status"] == "failed"
    assert "the operators don't let 169.254.169.254 be asked" in led["steps"][0]["reason"]


def test_a_server_clones_by_ssh_as_whom_operators_say(tmp_path: Path) -> None:
    """With the key of that host; a host whose key nobody listed is told in the run's reason."""
    key = ssh_host.new_key(tmp_path / "key")
    pipeline = "app: shop\nsteps: [{name: a, image: busybox, commands: 'true'}]\n"
    with ssh_host.serving(tmp_path / "host", tmp_path / "repositories", key) as host:
        work = serving.repository(tmp_path / "shop", {".sealane.yml": pipeline})
        serving.git(tmp_path, "clone", "-q", "--bare", str(work), str(host.repositories / "shop.git"))
        commit = serving.git(work, "rev-parse", "HEAD").stdout.strip()
        (tmp_path / "known").write_text(host.known_as("127.0.0.1", "localhost"))
        settings = {
            "SEALANE_GIT__SSH_KEYS": json.dumps({f"127.0.0.1:{host.port}": str(key)}),
            "SEALANE_GIT__KNOWN_HOSTS": str(tmp_path / "known"),
            "SEALANE_EGRESS__NETWORKS": '["127.0.0.0/8"]',
        }
        server = Serving(tmp_path / "server", {**pretending.SETTINGS, **settings}).start()
        try:
            cloned = hooked(server, "shop", host.url("shop.git"), commit)
            keyless = hooked(server, "keyless", host.url("shop.git", "localhost"), commit)
        finally:
            server.stop()
    assert cloned["run"]["status"] == "passed", serving.plain(cloned)
    assert f"localhost:{host.port} wants a key, and none is listed for it" in keyless["run"]["reason"]
