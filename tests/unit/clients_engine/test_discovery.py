"""Where an engine is looked for, and what is said when none answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sealane.clients.engine import discovery
from sealane.clients.engine.errors import EngineUnavailable


def addresses(environ: dict[str, str], platform: str = "linux") -> list[str]:
    return [one.address for one in discovery.candidates(environ, platform)]


@contextmanager
def answering(path: Path, answer: bytes | None) -> Iterator[None]:
    """A socket on which somebody answers that; None for nobody answering at all."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(8)

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    asked = client.recv(4096)
                    if asked and answer is not None:
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def ping(version: str | None = "1.41", more: str = "") -> bytes:
    header = f"Api-Version: {version}\r\n" if version else ""
    return f"HTTP/1.1 200 OK\r\n{header}{more}Content-Length: 2\r\nConnection: close\r\n\r\nOK".encode()


def test_docker_host_is_an_order_and_leaves_nothing_else() -> None:
    assert addresses({"DOCKER_HOST": "tcp://there:2375", "XDG_RUNTIME_DIR": "/run/user/1"}) == ["tcp://there:2375"]


def test_the_usual_sockets_in_their_order(tmp_path: Path) -> None:
    assert addresses({"XDG_RUNTIME_DIR": "/run/user/1", "HOME": str(tmp_path)}) == [
        "unix:///var/run/docker.sock",
        "unix:///run/user/1/docker.sock",
        "unix:///run/user/1/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


def test_on_macos_the_sockets_of_its_desktops_are_tried_too(tmp_path: Path) -> None:
    tried = addresses({"HOME": str(tmp_path)}, "darwin")
    assert f"unix://{tmp_path}/.docker/run/docker.sock" in tried
    assert f"unix://{tmp_path}/.local/share/containers/podman/machine/podman.sock" in tried


def test_the_context_the_docker_program_uses_comes_first(tmp_path: Path) -> None:
    meta = tmp_path / ".docker" / "contexts" / "meta" / "abc"
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": "colima", "Endpoints": {"docker": {"Host": "unix:///c.sock"}}}))
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "colima"}')
    assert addresses({"HOME": str(tmp_path)})[0] == "unix:///c.sock"
    (tmp_path / ".docker" / "config.json").write_text("not json")
    assert addresses({"HOME": str(tmp_path)})[0] == "unix:///var/run/docker.sock"


async def test_the_engine_that_answers_is_used(tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    (tmp_path / "docker.sock").touch()  # a file, not a socket: nothing answers there
    with answering(tmp_path / "podman" / "podman.sock", ping()):
        engine = await discovery.find({"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)})
    assert engine.address == f"unix://{tmp_path}/podman/podman.sock"
    await engine.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ping(version=None), "something answers, but it is no container engine"),
        (ping(version="1.12"), "it speaks the Engine API 1.12, which is too old"),
        (None, "DOCKER_HOST): "),
    ],
)
async def test_what_answers_but_is_no_engine_is_told(tmp_path: Path, answer: bytes | None, why: str) -> None:
    with answering(tmp_path / "x.sock", answer), pytest.raises(EngineUnavailable, match="no container engine") as told:
        await discovery.find({"DOCKER_HOST": f"unix://{tmp_path}/x.sock"})
    assert why in told.value.message


async def test_every_address_tried_is_named_with_why_it_failed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "docker.sock"))  # bound, but nobody listens
    with pytest.raises(EngineUnavailable) as told:
        await discovery.find({"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)})
    assert f"unix://{tmp_path}/docker.sock (rootless Docker): connection refused" in told.value.message
    assert f"unix://{tmp_path}/podman/podman.sock (rootless Podman): no such socket" in told.value.message
    assert told.value.hint
