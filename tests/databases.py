"""PostgreSQL databases that live as long as a block."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from testbed.packages import postgres_program


@contextmanager
def fresh(near: str, *, like: str | None = None) -> Iterator[str]:
    """The URL of a database beside the one at `near`: empty, or a copy of the one called `like`."""
    server, name = near.rpartition("/")[0], f"t_{secrets.token_hex(6)}"
    _sql(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
    try:
        yield f"{server}/{name}"
    finally:
        _sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def _sql(server: str, statement: str) -> None:
    argv = [str(postgres_program("psql")), "--no-psqlrc", "--quiet", f"--command={statement}", f"{server}/postgres"]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
