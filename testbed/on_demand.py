"""Programs that only the tests which ask for them run: nothing of them starts with the bed."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed.errors import BedError
from testbed.layout import LOOPBACK
from testbed.waiting import until

_PATIENCE = 120.0
PORTS = range(10_000, 30_000)
"""Kubernetes gives out NodePorts from 30,000 on, and the kernel ports of connections from 32,768 on."""
WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
"""Before a program's words: it ends with the process that started it, also when that is killed."""


@contextmanager
def running(
    argv: Sequence[str | Path], folder: Path, *, answers: Callable[[], bool] = lambda: True
) -> Iterator[subprocess.Popen[bytes]]:
    """The program from the moment at which it answers; its words are in `log`. Raises BedError with them where it ends.

    It ends with the block, and with whoever started it, if that is killed.
    """
    log = folder / "log"
    with log.open("w") as words, subprocess.Popen([*WITH_PARENT, *argv], stdout=words, stderr=words) as process:

        def said() -> str:
            return f"{argv[0]} does not answer:\n{log.read_text()[-2000:]}"

        def there() -> bool:
            if process.poll() is not None:
                raise BedError(said())
            return answers()

        try:
            until(there, within=_PATIENCE, missed=said)
            yield process
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody listens on now, below those that the kernel gives to connections: none takes it meanwhile."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind((LOOPBACK, port))
            return port
