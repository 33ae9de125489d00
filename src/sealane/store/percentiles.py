"""Exact percentiles: SQL collects the values of each group, which are put together and looked up here."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import sqlalchemy as sa

from sealane import typed_data
from sealane.insights import figures
from sealane.store.columns import MICROSECONDS

_read = typed_data.json_decoder(list[int]).decode


class _Collected(sa.types.TypeDecorator[list[int]]):
    """Microseconds in any order."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> list[int]:
        return [] if value is None else _read(f"[{value}]")


def collected(column: sa.ColumnElement[Any]) -> sa.ColumnElement[list[int]]:
    """All values of a column of Seconds in a group, for `ranked`; rows without one count for nothing."""
    return sa.type_coerce(sa.func.aggregate_strings(sa.cast(column, sa.Text), ","), _Collected())


def ranked(groups: Iterable[list[int]], *hundredths: int) -> tuple[float | None, ...]:
    """For each of the hundredths the smallest of all values that so many of 100 are not above; None without a value."""
    values = sorted(chain.from_iterable(groups))
    return tuple(figures.ranked(values, hundredth) / MICROSECONDS if values else None for hundredth in hundredths)
