"""How SQLite reads the lists: each filter by an index that fits it, and no wide row that is not shown. Never a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.records.filters import Figure, Filter, Ran
from sealane.records.scopes import EVERYTHING, Scope
from sealane.store.all_stores import Store
from tests import databases

from .samples import NOON, app, deployment, push, release, revision

RUNS = {
    "": "ix_runs_listed",
    "app": "ix_runs_app",
    "formation": "ix_deployments_to",
    "environment": "ix_deployments_environment",
    "branch": "ix_runs_branch",
    "state": "ix_runs_status",
    "author": "ix_runs_listed",
    "search": "ix_runs_listed",
    "commit": "ix_runs_commit",
    "team": "ix_runs_app",
    "since": "ix_runs_ended",
    "until": "ix_runs_ended",
    "ran": "sqlite_autoindex_runs_1",
    "step": "sqlite_autoindex_runs_1",
    "test": "sqlite_autoindex_runs_1",
}
"""The index that must do the work, by filter of the list of runs."""
DEPLOYMENTS = {
    "": "ix_deployments_listed",
    "app": "ix_deployments_app",
    "formation": "ix_deployments_to",
    "environment": "ix_deployments_environment",
    "branch": "ix_runs_branch",
    "state": "ix_deployments_verdict",
    "author": "ix_runs_(listed|app)",
    "search": "ix_runs_(listed|app)",
    "commit": "ix_runs_commit",
    "team": "ix_deployments_app",
    "since": "ix_deployments_ended",
    "until": "ix_deployments_ended",
    "production": "ix_deployments_environment",
    "figure": "sqlite_autoindex_deployments_1",
    "cause": "sqlite_autoindex_deployments_1",
    "hour": "sqlite_autoindex_deployments_1",
}
VALUES: dict[str, Any] = {"commit": "abc123", "state": "rolled_back", "since": NOON, "until": NOON}
VALUES |= {"production": True, "figure": Figure.FAILED, "hour": "03", "ran": Ran.ALL}
SCANS = {"ix_runs_listed", "ix_runs_app", "ix_deployments_listed"}
"""Indexes that may be read from one end to the other: they hold all that is looked at."""


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    opened = await Store.open(f"sqlite:///{databases.fill(tmp_path)}", logs=Logs(tmp_path / "logs"))
    await opened.apps.add(app("shop"), by="ann")
    yield opened
    await opened.close()


@contextmanager
def plans(store: Store) -> Iterator[list[list[str]]]:
    """What SQLite says of how it goes about each statement."""
    explained: list[list[str]] = []

    def look(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            explained.append([row[3] for row in asked])

    sa.event.listen(store.database.engine, "before_cursor_execute", look)
    try:
        yield explained
    finally:
        sa.event.remove(store.database.engine, "before_cursor_execute", look)


def check(plan: list[str], index: str) -> None:
    """The index is used, rows are looked up by their names, and only narrow indexes are read whole."""
    told = "\n".join(plan)
    assert re.search(rf"INDEX {index}\b", told), told
    for line in plan:
        if scanned := re.match(r"SCAN (?:runs|deployments)\b(.*)", line):
            assert any(f"COVERING INDEX {name}" in scanned[1] for name in SCANS), told
        assert "ux_runs_app_sequence" not in line, f"it reads every row of an app:\n{told}"


SOME = frozenset({"shop", "other"})
PLACES = Scope(apps=SOME, places=frozenset({("kiln", "dev"), ("moss", "dev")}))


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(apps=SOME), PLACES], ids=["all", "some apps", "some environments"])
@pytest.mark.parametrize("name", RUNS)
async def test_runs_are_found_by_an_index(store: Store, name: str, scope: Scope) -> None:
    only = Filter(**{name: VALUES.get(name, "x")}) if name else Filter()
    with plans(store) as explained:
        await store.views.within(scope).runs(only)
    of_apps = scope is not EVERYTHING and (not name or not re.search(rf"INDEX {RUNS[name]}\b", "\n".join(explained[0])))
    check(explained[0], "ix_runs_app" if of_apps else RUNS[name])  # the apps of the scope may be the quicker way


@pytest.mark.parametrize("name", DEPLOYMENTS)
async def test_deployments_are_found_by_an_index(store: Store, name: str) -> None:
    only = Filter(**{name: VALUES.get(name, "x")}) if name else Filter()
    with plans(store) as explained:
        await store.views.deployments(only)
    check(explained[0], DEPLOYMENTS[name])


async def test_the_next_page_begins_in_the_index(store: Store) -> None:
    """Not at the newest row, however many pages were read."""
    ids = []
    for number in range(3):
        event = push(f"{number}", delivery=f"d{number}")
        ids.append((await store.events.receive(event, source="test")).run_id)
        await store.releases.add(release(number), sequence=number, run_id=ids[-1])
        offered = deployment(number, number + 1, run_id=ids[-1], created=NOON + timedelta(seconds=number))
        await store.deployments.offer(offered, revision(f"v{number}"))
    with plans(store) as explained:
        await store.views.runs(before=ids[1])
        await store.views.deployments(before="d-1")
    told = "\n".join(line for plan in explained for line in plan)
    assert re.search(r"SEARCH runs USING COVERING INDEX ix_runs_listed \(\(created,id\)<\(\?,\?\)\)", told), told
    assert re.search(r"SEARCH deployments USING COVERING INDEX ix_deployments_listed \(\(created,id\)<", told), told


def test_every_filter_has_its_index() -> None:
    every = {"", *Filter.__slots__}
    assert set(DEPLOYMENTS) == every - {"ran", "step", "test"}
    assert set(RUNS) == every - {"production", "figure", "cause", "hour"}
