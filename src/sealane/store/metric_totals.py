"""Totals of events: one row per series, which outlives the events that it counts, and counts each once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane import hashing
from sealane.metrics.catalog import DEFINITIONS
from sealane.metrics.model import BUCKETS, Distribution, Exemplar, Family, Measurement, Sample, Shape, Unit
from sealane.store import rows, upsert
from sealane.store.database import Database
from sealane.store.figure_tables import metric_totals


class MetricTotals:
    """The table of totals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, event: int, measurements: Sequence[Measurement]) -> None:
        """Adds an event's measurements. A total that already includes the event stays as it is."""

        def work(connection: sa.Connection) -> None:
            for measurement in measurements:
                _add(connection, event, measurement)

        await self._database.write(work)

    async def forget(self, app: str) -> None:
        """Deletes the totals of a removed app."""
        gone = sa.delete(metric_totals).where(metric_totals.c.app == app)
        await self._database.write(lambda c: c.execute(gone))

    async def all(self) -> tuple[Family, ...]:
        """Every total, by metric; metrics that were never counted have no samples."""
        query = sa.select(metric_totals).order_by(metric_totals.c.name, metric_totals.c.labels)
        stored = await self._database.read(lambda c: rows.all_of(c, query))
        return tuple(
            Family(
                name=definition.family,
                shape=Shape.COUNTER if definition.unit is Unit.COUNT else Shape.HISTOGRAM,
                help=definition.help,
                samples=tuple(_sample(row) for row in stored if row["name"] == definition.name),
            )
            for definition in DEFINITIONS.values()
        )


def _add(connection: sa.Connection, event: int, measurement: Measurement) -> None:
    definition = measurement.definition
    key = {"name": definition.name, "labels": hashing.canonical(measurement.labels).decode()}
    here = sa.and_(*(metric_totals.c[name] == value for name, value in key.items()))
    row = rows.one(connection, sa.select(metric_totals).where(here).with_for_update()) or {}
    if row.get("event", 0) >= event:
        return
    values: dict[str, Any] = {
        "app": measurement.labels.get("app"),
        "count": row.get("count", 0) + 1,
        "sum": row.get("sum", 0.0) + measurement.value,
        "event": event,
    }
    if definition.unit is Unit.SECONDS:
        values["buckets"] = list(_distribution(row).plus(measurement.value).counts)
    if measurement.origin:
        values["exemplar"] = rows.plain(Exemplar(labels=measurement.origin, value=measurement.value, at=measurement.at))
    upsert.put(connection, metric_totals, key, values)


def _sample(row: rows.Row) -> Sample:
    kept = row["exemplar"]
    exemplar = kept and Exemplar(labels=kept["labels"], value=kept["value"], at=datetime.fromisoformat(kept["at"]))
    value = row["sum"] if row["buckets"] is None else _distribution(row)
    return Sample(value=value, labels=json.loads(row["labels"]), exemplar=exemplar)


def _distribution(row: rows.Row) -> Distribution:
    """The row's distribution; empty when it is the first, or has other buckets than today's."""
    counts = row.get("buckets") or ()
    if len(counts) != len(BUCKETS) + 1:
        return Distribution.empty(BUCKETS)
    return Distribution(bounds=BUCKETS, counts=tuple(counts), sum=row["sum"])
