"""A row that is made, or takes the place of the one of its key, in one statement: two that write at once both may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def put(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Writes the values to the row of the key. The key names all columns of the table's primary key.

    An update first and an insert where it found nothing is a race: of two that find nothing one fails.
    """
    row = _insert(connection, table).values({**key, **values})
    connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def ensure(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any]) -> None:
    """Makes the row of the key where there is none."""
    connection.execute(_insert(connection, table).values(dict(key)).on_conflict_do_nothing())


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
