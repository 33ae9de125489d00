"""Podman answers a list of containers with an error when any of them ends while it looks at its processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine

RACED = (500, {"cause": "no such process", "message": "read /proc/4711/cgroup: no such process", "response": 500})
BROKEN = (500, {"message": "database is locked"})
LIST = (200, [{"Id": "c1", "Labels": {"sealane.run": "r"}, "State": "running"}])


@contextmanager
def engine(*given: tuple[int, object]) -> Iterator[Engine]:
    """Gives one answer after the other."""
    answers = iter(given)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = next(answers)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Engine(f"tcp://127.0.0.1:{server.server_port}", "1.41", podman=True)
        finally:
            server.shutdown()


async def test_it_is_asked_again() -> None:
    with engine(RACED, RACED, RACED, LIST) as podman:
        (leftover,) = await podman.containers("sealane.run")
        assert (leftover.name, leftover.running) == ("c1", True)
        await podman.close()


@pytest.mark.parametrize(("answer", "error"), [(RACED, errors.ProcessGone), (BROKEN, errors.EngineFailed)])
async def test_what_does_not_pass_is_an_error(answer: tuple[int, object], error: type[errors.EngineFailed]) -> None:
    with engine(*[answer] * 11) as podman:
        with pytest.raises(error, match="the container engine says: "):
            await podman.containers("sealane.run")
        await podman.close()
