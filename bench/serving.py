"""A real server on SQLite, in a process and a folder of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.demo import places

_NAME = "bench-server"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where it answers, and to whose token."""

    url: str
    token: str = field(repr=False)
    pid: int

    def run(self, *words: str) -> str:
        """What `sealane WORDS` prints when it asks this server."""
        return places.run(str(places.SEALANE), *words, env={"SEALANE_URL": self.url, "SEALANE_TOKEN": self.token})

    def ask(self, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """What the API answers to GET, or to POST when something is given."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = None if given is None else json.dumps(given).encode()
        with urlopen(Request(f"{self.url}/api{path}", data=body, headers=headers), timeout=30) as answer:
            return json.loads(answer.read())

    def until_passed(self, run: str) -> None:
        """Waits until the run has passed. Raises places.Broke when it ends otherwise."""

        def passed() -> bool | None:
            status = self.ask(f"/runs/{run}")["run"]["status"]
            if status in {"failed", "broken", "cancelled"}:
                raise places.Broke(f"the run {run} ended as {status}")
            return status == "passed" or None

        places.until("the run to pass", passed, within=120)


@contextmanager
def server(folder: Path, **settings: str) -> Iterator[Server]:
    """A fresh server with the environments of `folder/config`, ended with the block."""
    places.end(_NAME)  # one that a killed bench left behind
    try:
        yield _start(folder, settings)
    finally:
        places.end(_NAME)


def _start(folder: Path, settings: Mapping[str, str]) -> Server:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    (folder / "config" / "environments").mkdir(parents=True, exist_ok=True)
    words = ("serve", "--data", str(folder / "data"), "--config", str(folder / "config"), "--port", str(port))
    process = places.start(_NAME, str(places.SEALANE), *words, env={"PYTHONUNBUFFERED": "1", **settings})
    log = places.HOME / f"{_NAME}.log"

    def token() -> str | None:
        if process.poll() is not None:
            raise places.Broke(f"the server ended:\n{log.read_text()[-3000:]}")
        return next((word for word in log.read_text().split() if word.startswith("sln_")), None)

    given = places.until("the server to start", token, within=60)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool | None:
        try:
            with urlopen(f"{url}/sign-in", timeout=5) as answer:
                return answer.status == 200 or None
        except OSError:
            return None

    places.until("the server to answer", answers, within=60)
    return Server(url=url, token=given, pid=process.pid)
