"""`sealane` as real processes, started quickly: one process imports what servers and commands do and forks each from itself.

An order is a line of JSON on stdin; its answer is the server's process id on stdout. When the server ends, its exit code
(negative: the signal) appears in the file that the order names.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

_ROOT = Path(__file__).parents[1]


@dataclass
class Forked:
    """A server's process, as far as subprocess.Popen's words are needed."""

    pid: int
    ended: Path

    def poll(self) -> int | None:
        """The exit code once it has ended."""
        return int(self.ended.read_text()) if self.ended.exists() else None

    def wait(self, timeout: float = 60) -> int:
        """Waits for the exit code. Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("sealane serve", timeout)
            time.sleep(0.02)
        return code

    def terminate(self) -> None:
        """Asks it to end."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def start(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: Path,
    stderr: Path,
    ended: Path,
    folder: Path | None = None,
) -> Forked:
    """Starts `sealane WORDS`, leading a session of its own; what it prints is appended to the files."""
    ended.unlink(missing_ok=True)
    order = {
        "words": list(words),
        "environment": dict(environment),
        "folder": str(folder or Path.cwd()),
        "stdout": str(stdout),
        "stderr": str(stderr),
        "ended": str(ended),
    }
    with _ordering:
        process = _process()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(order)}\n".encode())
        process.stdin.flush()
        line = process.stdout.readline()
    assert line, "the nursery of servers has ended; its stderr says why"
    return Forked(int(line), ended)


def run(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path | None = None,
    within: float = 60,
) -> subprocess.CompletedProcess[str]:
    """What `sealane WORDS` comes to when it is not to stay. Raises subprocess.TimeoutExpired after so many seconds."""
    with TemporaryDirectory() as name:
        out, err = Path(name) / "out", Path(name) / "err"
        command = start(words, environment, stdout=out, stderr=err, ended=Path(name) / "ended", folder=folder)
        try:
            code = command.wait(within)
        except subprocess.TimeoutExpired:
            os.killpg(command.pid, signal.SIGKILL)
            command.wait()
            raise
        return subprocess.CompletedProcess([*words], code, out.read_text(), err.read_text())


_ordering = threading.Lock()


@cache
def _process() -> subprocess.Popen[bytes]:
    """The process that forks; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server_nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT
    )

    def end() -> None:
        process.kill()
        process.communicate()

    atexit.register(end)
    return process


_IMPORTED = (
    "sealane.cli.app",
    "sealane.cli.exits",
    "sealane.cli.commands.serve",
    "sealane.composition",
    "sealane.runners.dummy",
    "sealane.server.application",
    "sealane.server.catch_up",
    "sealane.server.head_timeout",
    "sealane.server.listener",
    "sealane.server.metric_push",
    "sealane.settings.errors",
    "anyio._backends._asyncio",
    "dbos._sys_db_sqlite",
    "uvicorn.lifespan.off",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
"""What a server imports by the end of its first answer."""


_COMMANDS = ("sealane.cli", "sealane.deployments", "sealane.destinations.kubernetes", "sealane.clients.kubernetes")
"""Packages of which other commands import much."""


def _serve() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    for name in _COMMANDS:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    from sealane.environments.files import environment_file
    from sealane.formations.files import formation_file
    from sealane.server.pages import templates

    # What is slow the first time is done once for all servers.
    environment_file().model_rebuild()
    formation_file().model_rebuild()
    for name in templates.environment().list_templates():
        templates.environment().get_template(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    nursery = os.getpid()
    for line in sys.stdin:
        if os.fork() == 0:
            _end_with(nursery)
            _keep(**json.loads(line))


_PARENT_ENDED = 1
"""The option of prctl that names the signal of a parent's end: PR_SET_PDEATHSIG."""


def _end_with(parent: int) -> None:
    """Kills this process when its parent ends, so that no server outlives tests that were killed."""
    ctypes.CDLL(None).prctl(_PARENT_ENDED, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before
        os._exit(1)


def _keep(*, ended: str, **order: object) -> None:
    """Starts the server and waits for its end; returns in the server's own process alone, when it is done."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        _end_with(keeper)
        _become(**order)  # type: ignore[arg-type]
    os.write(1, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    unfinished = Path(f"{ended}.unfinished")
    unfinished.write_text(str(os.waitstatus_to_exitcode(status)))
    unfinished.rename(ended)
    os._exit(0)


def _become(*, words: list[str], environment: dict[str, str], folder: str, stdout: str, stderr: str) -> NoReturn:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, stdout, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["sealane", *words]
    from sealane.cli import main

    sys.exit(main(words))


if __name__ == "__main__":
    _serve()
