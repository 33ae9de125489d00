"""A server that can't start says why in a sentence, and what to do; nothing of it stays."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from tests.serving import SEALANE, free_port


def serve(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DOCKER_HOST", "XDG_RUNTIME_DIR"}}
    command = [SEALANE, "serve", "--data", folder / "data", *words]
    return subprocess.run(command, env=kept | settings, capture_output=True, text=True, timeout=60, check=False)


def test_without_an_engine(tmp_path: Path) -> None:
    done = serve(tmp_path, "--port", str(free_port()), DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 3
    assert "no container engine answers" in done.stderr
    assert "unset DOCKER_HOST" in done.stderr
    assert "Traceback" not in done.stderr


def test_at_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = serve(tmp_path, "--port", str(port), SEALANE_ENGINE__KIND="dummy")
    assert done.returncode == 3
    assert f"can't listen on 127.0.0.1, port {port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_with_a_database_that_is_away(tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = serve(tmp_path, "--database", url, "--port", str(free_port()), SEALANE_ENGINE__KIND="dummy")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr
