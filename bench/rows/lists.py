"""Filtered lists over 100,000 runs and 75,000 deployments, on SQLite and on PostgreSQL, beside the list of everything.

What a filter lets through is the hardest that there is: twenty of the very oldest rows, which a list of the newest comes
to last.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from bench.figures import Row
from sealane.blobs.logs import Logs
from sealane.records.filters import Filter
from sealane.store import app_tables, deployment_tables, run_tables
from sealane.store.all_stores import Store
from testbed.record import Bed
from tests import databases

RUNS = 100_000
_RARE = 20
_REPEATS = 3
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE = 5_000

RARE = {
    "app": "rare",
    "formation": "rare",
    "environment": "rare",
    "branch": "rare",
    "state": "rolled_back",
    "author": "rare",
    "search": "rare words",
    "commit": "eeee",
}
"""What lets the twenty oldest through, by filter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Timed:
    name: str
    seconds: tuple[float, ...]


def measure(here: Bed) -> tuple[Row, ...]:
    """Each filter of both lists on both databases."""
    with TemporaryDirectory() as name, databases.fresh(here.postgres_url) as postgres:
        urls = {"SQLite": f"sqlite:///{name}/sealane.db", "PostgreSQL": postgres}
        return tuple(row for kind, url in urls.items() for row in asyncio.run(_measure(kind, url, Path(name))))


async def _measure(kind: str, url: str, folder: Path) -> list[Row]:
    store = await Store.open(url, logs=Logs(folder / "logs"))
    try:
        store.database.write_now(fill)
        found = []
        for listed, ask in (("runs", store.views.runs), ("deployments", store.views.deployments)):
            everything = await _timed(ask, Filter())
            for name, value in RARE.items():
                ours = await _timed(ask, Filter(**{name: value}))  # type: ignore[arg-type]
                work, peer = f"{listed} by {name}, {kind}", "the list of everything"
                found.append(Row(work=work, ours=ours, peer=peer, theirs=everything))
        return found
    finally:
        await store.close()


async def _timed(ask: Any, only: Filter) -> tuple[float, ...]:
    samples = []
    for _ in range(_REPEATS):
        begun = time.monotonic()
        await ask(only)
        samples.append(time.monotonic() - begun)
    return tuple(samples)


def fill(connection: sa.Connection, runs: int = RUNS) -> None:
    """Puts in apps, runs and deployments: the oldest are what `RARE` lets through, the others look like a busy server's."""
    names = [*(f"app-{number}" for number in range(50)), "rare"]
    made = {"path": "", "owner": "team", "trunk": "main", "created": _BEGAN}
    connection.execute(sa.insert(app_tables.apps), [{"name": name, "repository": name, **made} for name in names])
    revision = {"id": "v", "app": "rare", "formation": "rare", "data": {}, "created": _BEGAN}
    connection.execute(sa.insert(app_tables.revisions), [revision])
    rows = list(_rows(runs))
    for begin in range(0, len(rows), _AT_ONCE):
        part = rows[begin : begin + _AT_ONCE]
        connection.execute(sa.insert(run_tables.runs), [run for run, _ in part])
        connection.execute(sa.insert(deployment_tables.deployments), [offered for _, offered in part if offered])
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("ANALYZE"))  # as its own housekeeping does soon after


def _rows(runs: int) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    chance = random.Random(7)
    for number in range(runs):
        rare = number < _RARE
        app = "rare" if rare else f"app-{chance.randrange(50)}"
        at = _BEGAN + timedelta(minutes=number)
        status = "passed" if rare or chance.random() < 0.9 else "failed"
        run = {
            "id": f"r-{number:07}",
            "app": app,
            "sequence": number,
            "event": {"kind": "push", "app": app, "message": "x" * 500, "received": at.isoformat()},
            "kind": "push",
            "commit": ("e" if rare else chance.choice("0123456789abcd")) * 4 + f"{number:036}",
            "branch": "rare" if rare else chance.choice(("main", "main", f"fix/{number}")),
            "author": "Rare" if rare else f"Kim {chance.randrange(40)}",
            "message": f"Some rare words {number}" if rare else f"Round totals of order {number} before they are shown",
            "status": status,
            "plan": {"steps": "y" * 3000},
            "place": float(number),
            "created": at,
            "ended": at,
        }
        if status != "passed" or not (rare or chance.random() < 0.83):
            yield run, None
            continue
        place = "rare" if rare else chance.choice(("dev", "production"))
        yield (
            run,
            {
                "id": f"d-{number:07}",
                "app": app,
                "formation": place,
                "sequence": number,
                "kind": "delivery",
                "state": "ended",
                "environment": place,
                "destination": "here",
                "namespace": app,
                "run_id": run["id"],
                "revision_id": "v",
                "rules": [],
                "after": [],
                "verdict": None,
                "verdict_kind": "rolled_back" if rare else "deployed",
                "created": at,
                "ended": at,
            },
        )
