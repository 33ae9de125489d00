"""How many instances deployments had over time: one row per deployment, with about 20 bytes per count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sealane.records import instance_counts
from sealane.records.instance_counts import InstanceCount
from sealane.store import rows, upsert
from sealane.store.deployment_tables import instance_counts as table

_UNIT = timedelta(milliseconds=1)

_OF_DEPLOYMENT = sa.select(table).where(table.c.deployment_id == sa.bindparam("deployment"))


def note(connection: sa.Connection, deployment_id: str, newest: InstanceCount) -> None:
    """Adds a count that differs from the last one, in this transaction."""
    before = of(connection, deployment_id)
    after = instance_counts.noted(before, newest)
    if after != before:
        since = after[0].at
        values = {"since": since, "counts": [_written(count, since) for count in after]}
        upsert.put(connection, table, {"deployment_id": deployment_id}, values)


def of(connection: sa.Connection, deployment_id: str) -> tuple[InstanceCount, ...]:
    """The counts of a deployment, oldest first, in this transaction."""
    row = rows.one(connection, _OF_DEPLOYMENT, deployment=deployment_id)
    return tuple(_read(count, row["since"]) for count in row["counts"]) if row else ()


def _written(count: InstanceCount, since: datetime) -> list[Any]:
    numbers = [round((count.at - since) / _UNIT), count.ready, count.updated, count.old]
    return [*numbers, 1] if count.back else numbers


def _read(written: Sequence[Any], since: datetime) -> InstanceCount:
    at, ready, updated, old, *back = written
    return InstanceCount(at=since + at * _UNIT, ready=ready, updated=updated, old=old, back=bool(back))
