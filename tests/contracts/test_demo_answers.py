"""The demo's questions to its server: one without an answer ends it with a sentence, never with a stack of calls."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from bench.demo import __main__ as story
from bench.demo import clusters, places, stage

PLAY = stage.Stage(cluster=cast(clusters.Cluster, None), repository=Path(), tokens={"dana": "sln_x"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(places, "URL", f"http://127.0.0.1:{listening.getsockname()[1]}")
        yield listening


def say(listening: socket.socket, words: bytes) -> threading.Thread:
    def answer() -> None:
        asked, _ = listening.accept()
        with asked:
            asked.recv(4096)
            asked.sendall(words)

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("words", "said"), [(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "503"), (b"", "disconnected")]
)
def test_a_bad_answer_ends_the_demo_with_a_sentence(server: socket.socket, words: bytes, said: str) -> None:
    thread = say(server, words)

    with pytest.raises(places.Broke, match=f"no answer to GET /api/runs: .*{said}"):
        story._get(PLAY, "/api/runs")
    thread.join()


def test_a_silent_server_ends_the_demo_with_a_sentence(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "_PATIENCE", 0.1)

    with pytest.raises(places.Broke, match="no answer to GET /api/runs: timed out"):
        story._get(PLAY, "/api/runs")


def test_no_server_ends_the_demo_with_a_sentence(server: socket.socket) -> None:
    server.close()

    with pytest.raises(places.Broke, match="no answer to GET /api/runs"):
        story._get(PLAY, "/api/runs")
