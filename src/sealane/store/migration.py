"""Brings the database to the tables of this version; run at every start, by one process at a time."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from sealane.store.database import Database

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x5EA1A4E  # any number that no other code locks in PostgreSQL


def migrate(database: Database, to: str = "head") -> None:
    """Applies every missing migration, up to a given one. Raises Unavailable when the database doesn't answer."""
    database.write_now(lambda connection: _upgrade(connection, to))


def newest() -> str:
    """The last migration of this version: the number of its last file. Reading all files would slow the start."""
    return max(file.name for file in (_FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def applied(connection: sa.Connection) -> str | None:
    """The last migration that was applied to the database, in this transaction."""
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: sa.Connection, to: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if to == "head" and applied(connection) == newest():
        return
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
