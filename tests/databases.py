"""Databases of tests: PostgreSQL's that live as long as a block, and SQLite files that have their tables already.

What takes long to import is imported by those that need it: unit tests load this module, too.
"""

from __future__ import annotations

import json
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


class Emptied:
    """A PostgreSQL database with the tables of this version that tests use one after the other.

    Each finds only what migrations put into it: emptying it takes a hundredth of what copying and dropping one does.
    """

    def __init__(self, url: str) -> None:
        """Makes the tables in the empty database at this URL."""
        import psycopg

        migrate(url)
        self.url = url
        with psycopg.connect(url, connect_timeout=60) as connection:
            tables = [
                name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ]
            first = {name: connection.execute(f"SELECT json_agg(t) FROM {name} t").fetchone() for name in tables}
            sequences = connection.execute(
                "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
            ).fetchall()
        self._rows = {name: json.dumps(row[0]) for name, row in first.items() if row and row[0]}
        self._statements = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SET session_replication_role = replica",  # no order among tables that belong to each other
            *(f"DELETE FROM {name}" for name in tables),
            *(f"ALTER SEQUENCE {name} RESTART" for (name,) in sequences),
        )

    def empty(self) -> None:
        """Ends whoever is still connected, and leaves what was there at first."""
        import psycopg

        with psycopg.connect(self.url, connect_timeout=60) as connection:
            for statement in self._statements:
                connection.execute(statement)
            for name, rows in self._rows.items():
                connection.execute(
                    f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, %s)", [rows]
                )


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
