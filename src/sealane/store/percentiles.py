"""Exact percentiles: SQL collects the values of each group; this module merges them and looks them up."""

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
    """All values of a Seconds column in a group, for `ranked`; rows without a value don't count."""
    return sa.type_coerce(sa.func.aggregate_strings(sa.cast(column, sa.Text), ","), _Collected())


def ranked(groups: Iterable[list[int]], *hundredths: int) -> tuple[float | None, ...]:
    """Nearest-rank percentiles: the smallest value that at least so many of 100 don't exceed; None without values."""
    values = sorted(chain.from_iterable(groups))
    return tuple(figures.ranked(values, hundredth) / MICROSECONDS if values else None for hundredth in hundredths)
