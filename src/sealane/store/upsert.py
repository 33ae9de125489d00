"""Inserts a row, or replaces the row with its key, in one statement, so that two concurrent writers both succeed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def put(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Writes the values to the row with the key. The key has all columns of the table's primary key.

    An update, then an insert if it found nothing, is a race: of two writers that find nothing, one fails.
    """
    row = _insert(connection, table).values({**key, **values})
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def ensure(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any]) -> None:
    """Creates the row with the key if there is none."""
    connection.execute(_insert(connection, table).values(dict(key)).on_conflict_do_nothing())


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
