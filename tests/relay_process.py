"""`sealane relay` as a real process beside a real server."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import server_nursery
from tests.serving import Serving, until


@dataclass
class Relay:
    """It can be killed and started again; `url` is the server's own address unless it dials another."""

    serving: Serving
    kubeconfig: Path
    token: str
    url: str
    process: server_nursery.Forked | None = None

    def start(self) -> Relay:
        """Starts it; it dials by itself."""
        words = ["relay", "--server", self.url, "--kubeconfig", str(self.kubeconfig)]
        log, ended = self.serving.folder / "relay.log", self.serving.folder / "relay-ended"
        environment = {**os.environ, "SEALANE_TOKEN": self.token}
        self.process = server_nursery.start(words, environment, stdout=log, stderr=log, ended=ended)
        return self

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def log(self) -> str:
        """What it and those before it said."""
        return (self.serving.folder / "relay.log").read_text()


@contextmanager
def beside(serving: Serving, kubeconfig: Path, *, url: str | None = None) -> Iterator[Relay]:
    """The relay `europe`, connected."""
    with serving.client() as client:
        made = client.post("/api/relays", json={"name": "europe"})
        assert made.status_code == 201, made.text
    relay = Relay(serving, kubeconfig, made.json()["token"], url or serving.url).start()
    try:
        until("the relay to be there", lambda: is_there(serving))
        yield relay
    finally:
        relay.kill()


def is_there(serving: Serving) -> bool:
    """Whether the server says that its relay is connected."""
    with serving.client() as client:
        return bool(client.get("/api/relays").json()[0]["connected"])
