"""Percentiles in SQL: PostgreSQL's own, and the same for SQLite, which has none."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal

from sealane.insights import figures

NAME = "sealane_percentiles"


class Percentiles:
    """SQLite's aggregate of a column and hundredths, such as `50 95`."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._hundredths = ""

    def step(self, value: float, hundredths: str) -> None:
        """Takes a row in."""
        self._values.append(value)
        self._hundredths = hundredths

    def finalize(self) -> str | None:
        """What the rows come to, as JSON; None without any."""
        found = [figures.percentile(self._values, int(each)) for each in self._hundredths.split()]
        return json.dumps(found) if found else None


class _Floats(sa.types.TypeDecorator[list[float]]):
    """An array of PostgreSQL's, or JSON."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> list[float] | None:
        found: list[float] | None = json.loads(value) if isinstance(value, str) else value
        return found


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
        self.type = _Floats()


@compiles(percentiles, "sqlite")
def _sqlite(element: percentiles, compiler: Any, **how: Any) -> str:
    column, known = compiler.process(element.column, **how), compiler.process(element.known, **how)
    return f"{NAME}({column}, '{' '.join(map(str, element.hundredths))}') FILTER (WHERE {known})"


@compiles(percentiles, "postgresql")
def _postgresql(element: percentiles, compiler: Any, **how: Any) -> str:
    column, known = compiler.process(element.column, **how), compiler.process(element.known, **how)
    shares = ", ".join(str(each / 100) for each in element.hundredths)
    return f"percentile_disc(ARRAY[{shares}]) WITHIN GROUP (ORDER BY {column}) FILTER (WHERE {known})"
