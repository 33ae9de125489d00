"""Podman answers a list with an error when any container ends, or any image goes, while it looks at all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sealane.clients import image_build
from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine

RACED = (500, {"cause": "no such process", "message": "read /proc/4711/cgroup: no such process", "response": 500})
GONE = (500, {"message": 'locating image with ID "25406e": image not known', "response": 500})
SPOKEN = (200, "OK")
IMAGES = (200, [{"Id": "i1", "RepoTags": ["here/shop/web:t1"]}])
BROKEN = (500, {"message": "database is locked"})
LIST = (200, [{"Id": "c1", "Labels": {"sealane.run": "r"}, "State": "running"}])


@contextmanager
def answering(*given: tuple[int, object]) -> Iterator[str]:
    """The address of what gives one answer after the other."""
    answers = iter(given)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = next(answers)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Api-Version", "1.41")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"tcp://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def engine(*given: tuple[int, object]) -> Iterator[Engine]:
    """An engine that gives them."""
    with answering(*given) as address:
        yield Engine(address, "1.41", podman=True)


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


async def test_images_are_asked_for_again() -> None:
    with answering(SPOKEN, GONE, GONE, IMAGES) as address:
        assert await image_build.tags(address, "here/shop/web") == ["t1"]


async def test_images_that_can_t_be_listed_are_an_error() -> None:
    with (
        answering(SPOKEN, *[GONE] * 4) as address,
        pytest.raises(image_build.EngineCouldNot, match="image not known"),
    ):
        await image_build.tags(address, "here/shop/web")
