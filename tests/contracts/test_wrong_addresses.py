"""Clusters and servers that are not there, or are not what was meant, and the sentence that helps."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.unit.cli.test_wrong_turns import KUBECONFIG, folder, told

__all__ = ["folder"]


@pytest.fixture
def nobody() -> int:
    """A port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a web server that is not Sealane's."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_cluster_that_is_not_there(capsys: pytest.CaptureFixture[str], folder: Path, nobody: int) -> None:
    """Without the objects of the library that could not reach it."""
    (folder / "kc").write_text(KUBECONFIG % nobody)
    code, said = told(capsys, "status", "dev", "--kubeconfig", "kc")
    assert code == 3
    assert f"127.0.0.1:{nobody} can't be reached: connection refused" in said
    assert "object at" not in said
    assert "Errno" not in said


def test_a_formation_here_may_have_its_apps_name(capsys: pytest.CaptureFixture[str], folder: Path, nobody: int) -> None:
    """As `status` prints it; of another app it is a question to a server."""
    (folder / "kc").write_text(KUBECONFIG % nobody)
    for command in ("status", "why", "drift", "rollback"):
        assert "can't be reached" in told(capsys, command, "shop/dev", "--kubeconfig", "kc")[1]
        code, said = told(capsys, command, "bakery/dev", "--kubeconfig", "kc")
        assert (code, "reached" in said) == (2, False)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost", "write it with http:// or https:// before the host"),
        ("http://127.0.0.1:{nobody}", "did not answer: Connection refused"),
        ("http://127.0.0.1:{stranger}", "answered 404 Not Found, and not as Sealane does"),
        ("https://127.0.0.1:{stranger}", "it speaks plain HTTP: http://127.0.0.1:{stranger}"),
    ],
)
def test_an_address_that_is_no_servers(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    nobody: int,
    stranger: int,
    url: str,
    says: str,
) -> None:
    monkeypatch.setenv("SEALANE_URL", url.format(nobody=nobody, stranger=stranger))
    monkeypatch.setenv("SEALANE_TOKEN", "sln_x")
    assert says.format(stranger=stranger) in told(capsys, "status")[1]
