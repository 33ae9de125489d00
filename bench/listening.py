"""A socket before the engine's, which passes everything on and notes when a container is asked for."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_CREATE = re.compile(rb"^POST \S*/containers/create[? ]", re.MULTILINE)
_PIECE = 65536


class Listener:
    """The moments, by `time.monotonic`, at which containers were asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._moments: list[float] = []
        self._changed = threading.Condition()

    def first_after(self, begun: float, *, within: float) -> float:
        """The first moment after another one. Raises TimeoutError when none comes in time."""

        def found() -> float | None:
            return next((moment for moment in self._moments if moment >= begun), None)

        with self._changed:
            if not self._changed.wait_for(lambda: found() is not None, timeout=within):
                raise TimeoutError(f"no container was asked for within {within:.0f} s")
            moment = found()
        assert moment is not None
        return moment

    def heard(self, data: bytes) -> None:
        """Notes what is asked."""
        if _CREATE.search(data):
            with self._changed:
                self._moments.append(time.monotonic())
                self._changed.notify_all()


@contextmanager
def before(engine_socket: str) -> Iterator[Listener]:
    """Listens on a socket of its own while the block runs."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
        path = str(Path(folder) / "engine.sock")
        door.bind(path)
        door.listen()
        listener = Listener(f"unix://{path}")
        threading.Thread(target=_admit, args=(door, engine_socket, listener), daemon=True).start()
        try:
            yield listener
        finally:
            door.shutdown(socket.SHUT_RDWR)


def _admit(door: socket.socket, engine_socket: str, listener: Listener) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(engine_socket)
        threading.Thread(target=_pass, args=(client, engine, listener), daemon=True).start()
        threading.Thread(target=_pass, args=(engine, client, None), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, listener: Listener | None) -> None:
    """Until the source ends; then the target hears that, too."""
    try:
        while data := source.recv(_PIECE):
            if listener:
                listener.heard(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # the other side has gone
        return
