"""What was once put into a store, for all tests of it: writing rows takes a twentieth of what telling their story does."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from sealane.store.all_stores import Store
from sealane.store.columns import metadata

T = TypeVar("T")
Rows = Mapping[sa.Table, Sequence[Mapping[str, Any]]]


class KeptRows:
    """Rows of whole databases, by what told their story and by the kind of the database."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, str], tuple[Any, Rows]] = {}

    async def filled(self, store: Store, fill: Callable[[Store], Awaitable[T]]) -> T:
        """What `fill` gave for an empty store; the store is as it was left then."""
        key = (fill, await store.database.read(lambda connection: connection.dialect.name))
        if key not in self._kept:
            value = await fill(store)
            self._kept[key] = (copy.deepcopy(value), await store.database.read(_rows))
            return value
        found, rows = self._kept[key]
        await store.database.write(lambda connection: _write(connection, rows))
        return copy.deepcopy(found)  # type: ignore[no-any-return]


def _rows(connection: sa.Connection) -> Rows:
    return {
        table: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
        for table in metadata.sorted_tables
    }


def _write(connection: sa.Connection, rows: Rows) -> None:
    """In place of all that is there, whichever row belongs to which."""
    postgres = connection.dialect.name == "postgresql"
    connection.execute(
        sa.text("SET LOCAL session_replication_role = replica" if postgres else "PRAGMA defer_foreign_keys = ON")
    )
    for table, kept in rows.items():
        connection.execute(sa.delete(table))
        if kept:
            connection.execute(sa.insert(table), kept)
        number = table.autoincrement_column
        if kept and postgres and number is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, number.name)
            connection.execute(sa.select(sa.func.setval(sequence, sa.select(sa.func.max(number)).scalar_subquery())))
