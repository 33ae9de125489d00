"""Percentiles in SQL: PostgreSQL's own; SQLite, which has none, collects the values and they are looked up here."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal

from sealane.insights import figures


class _Percentiles(sa.types.TypeDecorator[list[float]]):
    """An array of PostgreSQL's, or all values as JSON."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, hundredths: tuple[int, ...]) -> None:
        super().__init__()
        self.hundredths = hundredths

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> list[float] | None:
        if not isinstance(value, str):
            found: list[float] | None = value
            return found
        values = sorted(json.loads(value))
        return [figures.ranked(values, each) for each in self.hundredths] if values else None


class percentiles(ColumnElement[list[float]]):  # noqa: N801 - as SQLAlchemy writes its functions
    """For each of the hundredths the smallest value of a column that so many of 100 rows are not above.

    Rows without a value count for nothing; None where none has one.
    """

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own form
        ("column", InternalTraversal.dp_clauseelement),
        ("known", InternalTraversal.dp_clauseelement),
        ("hundredths", InternalTraversal.dp_plain_obj),
    ]

    def __init__(self, column: sa.ColumnElement[Any], *hundredths: int) -> None:
        self.column = column
        self.known = column.is_not(None)
        self.hundredths = hundredths
        self.type = _Percentiles(hundredths)


@compiles(percentiles, "sqlite")
def _sqlite(element: percentiles, compiler: Any, **how: Any) -> str:
    column, known = compiler.process(element.column, **how), compiler.process(element.known, **how)
    return f"json_group_array({column}) FILTER (WHERE {known})"


@compiles(percentiles, "postgresql")
def _postgresql(element: percentiles, compiler: Any, **how: Any) -> str:
    column, known = compiler.process(element.column, **how), compiler.process(element.known, **how)
    shares = ", ".join(str(each / 100) for each in element.hundredths)
    return f"percentile_disc(ARRAY[{shares}]) WITHIN GROUP (ORDER BY {column}) FILTER (WHERE {known})"
