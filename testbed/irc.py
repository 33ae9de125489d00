"""A real chat server for tests: Debian's ngIRCd, with one channel."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed import unpacked
from testbed.on_demand import free_port, running

CHANNEL = "#deploys"
_CONFIG = """[Global]
Name = irc.example.com
Info = the test bed's
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = welcome
[Limits]
MaxNickLength = 30
[Options]
DNS = no
Ident = no
PAM = no
[Channel]
Name = {channel}
"""


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """A server that asks nobody who they are; gives its port once it answers."""
    program = unpacked.program("usr/sbin/ngircd", "ngircd", "libident")
    (library,) = {path.parent for path in program.parents[2].rglob("libident.so.0")}
    port = free_port()
    config = folder / "ngircd.conf"
    config.write_text(_CONFIG.format(port=port, channel=CHANNEL))
    argv: list[str | Path] = ["env", f"LD_LIBRARY_PATH={library}", program, "--nodaemon", "--config", config]
    with running(argv, folder, answers=lambda: _answers(port)):
        yield port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True
