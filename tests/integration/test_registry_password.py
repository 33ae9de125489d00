"""A registry that wants a password, which the server has: what is in it is not everybody's because of that."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sealane.clients import registry as registries
from sealane.clients import registry_copy
from sealane.images import references
from tests import pretending
from tests.serving import Serving, free_port, until

PASSWORD = "sesame-of-the-test"
HASHED = "$2b$04$abcdefghijklmnopqrstuuGpCXgiWJIrh7wpqxNTc.b.SEAlRDEUW"
"""Of the password, as `htpasswd -B` writes it."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real registry, and a folder with Docker's configuration that knows its password."""
    folder = tmp_path_factory.mktemp("registry")
    place = f"127.0.0.1:{free_port()}"
    (folder / "htpasswd").write_text(f"kim:{HASHED}\n")
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {"addr": place},
        "auth": {"htpasswd": {"realm": "closed", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(json.dumps(settings))
    signed = base64.b64encode(f"kim:{PASSWORD}".encode()).decode()
    (folder / "docker").mkdir()
    (folder / "docker" / "config.json").write_text(json.dumps({"auths": {place: {"auth": signed}}}))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", folder / "config.yml"], stdout=log, stderr=log)
    try:
        until("the registry to ask who it is", lambda: _asks(place), within=120)
        yield place, folder / "docker"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _asks(place: str) -> bool:
    try:
        return httpx.get(f"http://{place}/v2/", timeout=5, verify=False).status_code == 401
    except httpx.TransportError:
        return False


async def test_what_a_password_opens_is_not_public(
    closed: tuple[str, Path], busybox_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server itself reads it; the question is asked as somebody who has not signed in."""
    place, docker = closed
    monkeypatch.setenv("DOCKER_CONFIG", str(docker))
    kept, given = references.parse(f"{place}/team/base:1"), references.parse(busybox_image)
    assert await registry_copy.copy(given, kept) == await registries.digest(kept)
    assert not await registries.is_public(kept)
    assert not await registries.is_public(references.parse(f"{place}/team/nothing:1"))
    assert await registries.is_public(given)
    assert registries.signs_in(kept.host)
    assert not registries.signs_in(given.host)


def test_a_run_may_use_such_an_image_only_where_operators_list_it(
    closed: tuple[str, Path], busybox_image: str, tmp_path: Path
) -> None:
    place, docker = closed
    settings = {**pretending.SETTINGS, "DOCKER_CONFIG": str(docker)}
    server = Serving(tmp_path / "server", settings).start()
    try:
        pretending.environments(server, "shop", "web")
        access = f"apps: {{web: {{images: ['{place}/team/**']}}}}\n"
        (server.folder / "config" / "access.yaml").write_text(access)
        told = {}
        for name in ("shop", "web"):
            app = pretending.App(server, tmp_path / name, name)
            asks = app.files("x")[".sealane.yml"].replace("image: busybox", f"image: '{place}/team/base:1'")
            commit = app.commit("from the closed one", changes={".sealane.yml": asks})
            app.push()
            view = app.run_of(commit, within=120)
            told[name] = view["run"]["status"], json.dumps(view["findings"])
    finally:
        server.stop()
    assert told["shop"][0] != "passed"
    assert f"the image {place}/team/base:1 is not public, and shop has no right to it" in told["shop"][1]
    assert told["web"][0] == "passed", told["web"]
