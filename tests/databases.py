"""Databases of tests: PostgreSQL's that live as long as a block, and SQLite files that have their tables already.

What takes long to import is imported by those that need it: unit tests load this module, too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def fresh(near: str, *, like: str | None = None) -> Iterator[str]:
    """The URL of a database beside the one at `near`: empty, or a copy of the one called `like`."""
    server, name = near.rpartition("/")[0], f"t_{secrets.token_hex(6)}"
    _sql(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
    try:
        yield f"{server}/{name}"
    finally:
        _sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def migrate(url: str) -> None:
    """Makes the tables of this version."""
    from sealane.store import migration
    from sealane.store.database import Database

    database = Database(url)
    migration.migrate(database)
    database.close()


def fill(data: Path) -> Path:
    """Puts the files of a first start into a server's data folder: empty, with all tables, which take 0.2 s to make."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in _migrated().items():
        (data / name).write_bytes(content)
        (data / name).chmod(0o600)
    return data / "sealane.db"


@cache
def _migrated() -> dict[str, bytes]:
    """What is in the files of a server that never served."""
    from dbos import DBOS

    with TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/sealane.db")
        DBOS.migrate(f"sqlite:///{folder}/sealane-flows.db")
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def _sql(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=60) as connection:
        connection.execute(statement)
