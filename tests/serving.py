"""A real `sealane serve` in a process of its own, for tests that speak to it as clients do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from testbed.on_demand import free_port
from tests import databases, server_nursery

SEALANE = Path(sys.executable).with_name("sealane")
Found = TypeVar("Found")


_UNLIMITED = {"SEALANE_ACCESS__FAILURES_PER_ADDRESS": "100000", "SEALANE_ACCESS__FAILURES_PER_TOKEN": "100000"}
"""All tests come from one address, and some try many wrong tokens."""


def until(what: str, look: Callable[[], Found | None], *, within: float = 120.0) -> Found:
    """Waits until there is something; fails with what it waited for."""
    started = time.monotonic()
    while True:
        seen = look()
        if seen is not None and seen is not False:
            return seen
        waited = time.monotonic() - started
        assert waited < within, f"waited {within:.0f} s for {what}"
        time.sleep(min(0.05 + waited / 20, 0.5))  # looking costs the processor that what is waited for needs


def paths_under(folder: Path) -> list[Path]:
    """Everything below a folder that somebody else may change meanwhile: `Path.rglob` fails at a folder that goes away."""
    return [Path(root, name) for root, folders, files in os.walk(folder) for name in (*folders, *files)]


@dataclass
class Serving:
    """One server on one data folder, forked from the nursery; it can be killed and started again."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    token: str = ""
    options: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    process: server_nursery.Forked | subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        path = self.folder / "server.log"
        return path.read_text() if path.exists() else ""

    def start(self) -> Serving:
        """Starts it, its tables made, and waits until it answers; the first start gives the administrator's token."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config" / "environments").mkdir(parents=True, exist_ok=True)
        (self.folder / "config" / "access.yaml").write_text("grants: [{groups: [viewers], may: [read]}]\n")
        if not (data := self.folder / "data").exists() and "SEALANE_DATABASE" not in self.environment:
            databases.fill(data)
        words = ["serve", "--data", str(data), "--config", str(self.folder / "config")]
        self.process = self.launch(
            [*words, "--port", str(self.port), *self.options],
            {**os.environ, **_UNLIMITED, **self.environment},
        )
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise
        return self

    def launch(
        self, words: Sequence[str], environment: Mapping[str, str]
    ) -> server_nursery.Forked | subprocess.Popen[bytes]:
        """The process of `sealane WORDS`."""
        log = self.folder / "server.log"
        ended = self.folder / f"ended-{self.port}"  # several may serve one folder
        return server_nursery.start(words, environment, stdout=log, stderr=log, ended=ended)

    def _wait(self) -> None:
        until("the server to answer", self._answers, within=120)
        if not self.token:
            self.token = until(
                "the first token", lambda: next((w for w in self.log.split() if w.startswith("sln_")), None)
            )

    def _answers(self) -> bool | None:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended:\n{self.log[-4000:]}"
        try:
            return httpx.get(f"{self.url}/sign-in", timeout=5, verify=False).status_code == 200 or None
        except httpx.TransportError:
            return None

    def kill(self) -> None:
        """kill -9, as a machine that goes away."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Asks it to end and waits."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert "answer.undocumented" not in self.log, (
            "the OpenAPI document lacks an answer; declare it beside its route"
        )

    def client(self, token: str | None = None, **how: Any) -> httpx.Client:
        """A client signed in with a token, the administrator's by default; an empty one is nobody.

        It speaks plain HTTP, so it reads no authorities, which takes 25 ms of processor.
        """
        given = self.token if token is None else token
        headers = {"Authorization": f"Bearer {given}"} if given else {}
        headers |= how.pop("headers", {})
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=False, **how)

    def user(self, name: str, *groups: str) -> str:
        """Adds a user and gives their token."""
        with self.client() as client:
            made = client.post("/api/users", json={"name": name, "groups": list(groups)})
            assert made.status_code == 201, made.text
            return str(made.json()["token"])

    def app(self, name: str, **given: Any) -> dict[str, Any]:
        """Registers an app and gives what that answers."""
        with self.client() as client:
            made = client.post("/api/apps", json={"name": name, "owner": "developers", **given})
            assert made.status_code == 201, made.text
            app_made: dict[str, Any] = made.json()
            return app_made

    def environment_file(self, name: str, text: str) -> None:
        """Writes an operators' file; takes effect with the next run."""
        path = self.folder / "config" / "environments" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A git repository with one commit of these files on main."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    return commit(folder, files)


def commit(folder: Path, files: Mapping[str, str], message: str = "Change") -> Path:
    """Another commit."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "--all")
    git(
        folder,
        "-c",
        "user.name=Kim",
        "-c",
        "user.email=kim@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        message,
    )
    return folder


def git(folder: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs git there, asking nobody."""
    environment = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, env=environment, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def plain(value: Any) -> str:
    """Anything as text, for messages of assertions."""
    return json.dumps(value, indent=1, default=str)


@contextmanager
def two_servers(folder: Path, settings: Mapping[str, str], *roles: str) -> Iterator[tuple[Serving, Serving]]:
    """Two processes of one server on one database; each does everything, or what its role says."""
    options = [("--role", role) for role in roles] or [(), ()]
    first, second = (Serving(folder, dict(settings), options=words) for words in options)
    try:
        first.start()
        second.token = first.token
        second.start()
        yield first, second
    finally:
        for server in (first, second):
            server.stop()


@contextmanager
def serving_shop(folder: Path) -> Iterator[Serving]:
    """A server whose engine pretends, with the app `shop`."""
    server = Serving(folder, {"SEALANE_ENGINE__KIND": "dummy"}).start()
    try:
        server.app("shop")
        yield server
    finally:
        server.stop()
