"""Brings the database to the tables of this version; run at every start, by one process at a time."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sealane.store.database import Database

_LOCK = 0x5EA1A4E  # any number that nobody else locks in PostgreSQL


def migrate(database: Database, to: str = "head") -> None:
    """Applies every migration the database lacks, up to one. Raises Unavailable when it doesn't answer."""
    database.write_now(lambda connection: _upgrade(connection, to))


def newest() -> str:
    """The last migration that this version knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there are migrations"
    return head


def applied(connection: sa.Connection) -> str | None:
    """The last migration that the database has had, in this transaction."""
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: sa.Connection, to: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
