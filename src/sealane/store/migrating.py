"""Brings the database to the tables of this version; run at every start, by one process at a time."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from sealane.store.database import Database

_LOCK = 0x5EA1A4E  # any number that nobody else locks in PostgreSQL


def migrate(database: Database, to: str = "head") -> None:
    """Applies every migration the database lacks, up to one. Raises Unavailable when it doesn't answer."""
    database.write_now(lambda connection: _upgrade(connection, to))


def _upgrade(connection: sa.Connection, to: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
