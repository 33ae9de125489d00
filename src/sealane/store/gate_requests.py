"""Requests of gates and their answers: one row per gate and place in the rollout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sealane.outbox.model import Kind
from sealane.store import deployments, event_writes, rows, upsert
from sealane.store.database import Database
from sealane.store.deployment_tables import gate_requests as table
from sealane.verdicts import gate_requests
from sealane.verdicts.gate_requests import GateRequest, GateRequests

_UNIT = timedelta(milliseconds=1)


class GateRequestLog:
    """The table of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, deployment_id: str, requests: Sequence[tuple[GateRequests, GateRequest]]) -> None:
        """Adds requests to their gates' rows; each comes with its gate's place, name and target."""

        def work(connection: sa.Connection) -> None:
            known = {(request.key, request.gate): request for request in of(connection, deployment_id)}
            touched = {(gate.key, gate.gate) for gate, _ in requests}
            for gate, request in requests:
                before = known.get((gate.key, gate.gate), gate)
                known[gate.key, gate.gate] = gate_requests.added(before, request)
            for place in touched:
                _put(connection, deployment_id, known[place])
            about = deployments.get(connection, deployment_id)
            data = {"gates": sorted({gate for _, gate in touched})}
            event_writes.deployment_event(connection, Kind.DEPLOYMENT_OBSERVED, about, requests[-1][1].at, data)

        await self._database.write(work)


def of(connection: sa.Connection, deployment_id: str) -> tuple[GateRequests, ...]:
    """The requests of a deployment in the order in which their gates began, in this transaction."""
    query = sa.select(table).where(table.c.deployment_id == deployment_id).order_by(table.c.since, table.c.gate)
    return tuple(
        GateRequests(
            key=row["key"],
            gate=row["gate"],
            asked=row["asked"],
            count=row["count"],
            good=row["good"],
            requests=tuple(_read(request, row["since"]) for request in row["requests"]),
        )
        for row in rows.all_of(connection, query)
    )


def _put(connection: sa.Connection, deployment_id: str, gate: GateRequests) -> None:
    since = gate.requests[0].at
    values = {
        "asked": gate.asked,
        "since": since,
        "count": gate.count,
        "good": gate.good,
        "requests": [_written(request, since) for request in gate.requests],
    }
    upsert.put(connection, table, {"deployment_id": deployment_id, "key": gate.key, "gate": gate.gate}, values)


def _written(request: GateRequest, since: datetime) -> list[Any]:
    took = round(request.seconds * 1000)
    return [round((request.at - since) / _UNIT), took, int(request.good), request.answer]


def _read(written: Sequence[Any], since: datetime) -> GateRequest:
    at, took, good, answer = written
    return GateRequest(at=since + at * _UNIT, seconds=took / 1000, answer=answer, good=bool(good))
