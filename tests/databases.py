"""PostgreSQL databases that live as long as a block."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


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
    with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=60) as connection:
        connection.execute(statement)
