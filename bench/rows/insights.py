"""Insights over 100,000 runs and 50,000 deployments of a year, on SQLite and on PostgreSQL: 95 of 100 answers."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from bench.figures import Row
from sealane.blobs.logs import Logs
from sealane.insights import figures
from sealane.insights.model import By, Question, Span
from sealane.store import app_tables, deployment_tables, figure_tables, run_tables
from sealane.store.all_stores import Store
from sealane.store.explanations import Prospects
from testbed.record import Bed
from tests import databases

RUNS = 100_000
DEPLOYMENTS = 50_000
DAYS = 365
_APPS = 50
_REPEATS = 40
_WANTED = 0.1
_NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)
_AT_ONCE = 5_000
_TESTS = 20
"""Kept of each run."""
_STEPS = ("step/lint", "step/test", "step/scan", "image/web", "image/worker")
_WAITS = {"queue": 0.1, "steps": 0.4, "approval": 0.1, "hold": 0.1, "window": 0.1, "rollout": 0.2}
"""Shares of a lead time."""
_ASKED = ((90, By.APP), (90, By.TEAM), (90, By.ENVIRONMENT), (DAYS, By.APP))


def measure(here: Bed) -> tuple[Row, ...]:
    """Each question on both databases."""
    with TemporaryDirectory() as name, databases.fresh(here.postgres_url) as postgres:
        urls = {"SQLite": f"sqlite:///{name}/sealane.db", "PostgreSQL": postgres}
        return tuple(row for kind, url in urls.items() for row in asyncio.run(_measure(kind, url, Path(name))))


async def _measure(kind: str, url: str, folder: Path) -> list[Row]:
    known = Prospects(production=lambda: frozenset({"production"}))
    store = await Store.open(url, logs=Logs(folder / "logs"), prospects=known)
    try:
        store.database.write_now(fill)
        if not store.database.sqlite:
            with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(sa.text("VACUUM ANALYZE"))  # as its own housekeeping does soon after
        rows = [await _row(store, kind, days, by) for days, by in _ASKED]
        views, year = store.views, Question(span=Span.up_to(_NOW, DAYS))
        others: dict[str, Callable[[], Awaitable[object]]] = {
            "waits of a year": partial(views.waits, year),
            "failures of a year": partial(views.failures, year),
            f"pipelines of a year by app, of {RUNS:,} runs": partial(views.pipelines, year),
            "pipelines and steps of an app's year": partial(views.pipelines, replace(year, app="app-1")),
            f"tests of a year, of {RUNS * _TESTS:,} kept": partial(views.tests, year),
            "tests of an app's year": partial(views.tests, replace(year, app="app-1")),
        }
        return [*rows, *[await _timed(f"insights: {name}, 95 of 100, {kind}", ask) for name, ask in others.items()]]
    finally:
        await store.close()


async def _row(store: Store, kind: str, days: int, by: By) -> Row:
    question = Question(span=Span.up_to(_NOW, days), by=by)
    found = await store.views.insights(question)
    counted = found.now.changes + found.before.changes
    work = f"insights of {days} days and as many before, by {by}: {counted:,} changes, 95 of 100, {kind}"
    return await _timed(work, partial(store.views.insights, question))


async def _timed(work: str, ask: Callable[[], Awaitable[object]]) -> Row:
    samples = []
    for _ in range(_REPEATS):
        begun = time.monotonic()
        await ask()
        samples.append(time.monotonic() - begun)
    return Row(work=work, ours=(figures.percentile(samples, 95) or 0.0,), wanted_seconds=_WANTED)


def fill(connection: sa.Connection, runs: int = RUNS, deployments: int = DEPLOYMENTS) -> None:
    """Puts in apps, runs, and deployments with what they count as, spread over a year."""
    created = _NOW - timedelta(days=DAYS)
    made = {"path": "", "trunk": "main", "created": created}
    names = [f"app-{number}" for number in range(_APPS)]
    connection.execute(
        sa.insert(app_tables.apps),
        [{"name": name, "repository": name, "owner": f"team-{at % 8}", **made} for at, name in enumerate(names)],
    )
    revision = {"id": "v", "app": "app-0", "formation": "production", "data": {}, "created": created}
    connection.execute(sa.insert(app_tables.revisions), [revision])
    rows, chance = list(_rows(runs, deployments)), random.Random(3)
    for begin in range(0, len(rows), _AT_ONCE):
        part = rows[begin : begin + _AT_ONCE]
        offered = [each[1] for each in part if each[1]]
        counted = [each[2] for each in part if each[2]]
        connection.execute(sa.insert(run_tables.runs), [each[0] for each in part])
        connection.execute(sa.insert(figure_tables.run_figures), [_counted(each[0]) for each in part])
        steps = [{**_counted(each[0]), "key": key} for each in part for key in _STEPS]
        connection.execute(sa.insert(figure_tables.step_figures), steps)
        connection.execute(
            sa.insert(figure_tables.test_figures), [test for each in part for test in _tests(chance, each[0])]
        )
        connection.execute(sa.insert(deployment_tables.deployments), offered)
        connection.execute(sa.insert(figure_tables.deployment_figures), counted)


def _counted(run: dict[str, Any]) -> dict[str, Any]:
    took = (run["ended"] - run["started"]).total_seconds()
    return {"run_id": run["id"], "app": run["app"], "at": int(run["ended"].timestamp()), "passed": True, "took": took}


def _tests(chance: random.Random, run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The slowest of three times as many."""
    own = {name: run[name] for name in ("app", "commit", "branch")} | {"run_id": run["id"], "attempt": 1}
    own |= {"key": "step/test", "at": int(run["ended"].timestamp())}
    for number in chance.sample(range(3 * _TESTS), _TESTS):
        failed = chance.random() < 0.02
        flaky, took = failed and chance.random() < 0.3, None if failed else chance.lognormvariate(1, 1)
        test = f"tests.test_cart: test_sums_{number}"
        yield {**own, "test": test, "failed": failed, "passed": not failed, "flaky": flaky, "took": took}


def _rows(runs: int, deployments: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    chance = random.Random(7)
    step = timedelta(days=DAYS) / runs
    for number in range(runs):
        app, at = f"app-{chance.randrange(_APPS)}", _NOW - timedelta(days=DAYS) + number * step
        run = {
            "id": f"r-{number:07}",
            "app": app,
            "sequence": number,
            "event": {"kind": "push", "app": app, "message": "x" * 300, "received": at.isoformat()},
            "kind": "push",
            "commit": f"{number:040x}",
            "branch": "main",
            "author": f"Kim {chance.randrange(40)}",
            "message": f"Round totals of order {number}",
            "status": "passed",
            "place": float(number),
            "created": at,
            "started": at,
            "ended": at + timedelta(seconds=chance.lognormvariate(5, 0.8)),
        }
        yield (run, *_deployment(chance, run, number)) if chance.random() * runs < deployments else (run, {}, {})


def _deployment(chance: random.Random, run: dict[str, Any], number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    failed = chance.random() < 0.06
    lead_time = chance.lognormvariate(6, 1)
    ended = run["created"] + timedelta(seconds=lead_time)
    place, verdict = chance.choice(("dev", "production")), "rolled_back" if failed else "deployed"
    key = {"app": run["app"], "formation": place, "environment": place}
    deployment = {
        "id": f"d-{number:07}",
        "sequence": number,
        "kind": "delivery",
        "state": "ended",
        "destination": "here",
        "namespace": run["app"],
        "run_id": run["id"],
        "revision_id": "v",
        "rules": [],
        "after": [],
        "verdict": {"kind": verdict, "reason": "z" * 300, "at": ended.isoformat(), "cause": {"reason": "ended"}},
        "verdict_kind": verdict,
        "created": run["created"],
        "started": ended - timedelta(seconds=30),
        "ended": ended,
        **key,
    }
    counted = {
        "deployment_id": deployment["id"],
        "commit": run["commit"],
        "at": int(ended.timestamp()),
        "deployed": not failed,
        "failed": failed,
        "lead_time": None if failed else lead_time,
        **{name: None if failed else lead_time * share for name, share in _WAITS.items()},
        "restored": chance.lognormvariate(3, 1) if failed else None,
        **key,
    }
    return deployment, counted
