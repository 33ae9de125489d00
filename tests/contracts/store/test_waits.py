"""What stands in a deployment's way is noted as gates see it, and what was counted before is told apart by an upgrade."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.environments import windows
from sealane.environments.windows import WindowStatus
from sealane.records.deployments import ApprovalRule, DeploymentState, Vote
from sealane.records.waits import Wait, Waits
from sealane.store import conclusion, deployment_tables, deployments, figure_tables, migration, releases, rows
from sealane.store.all_stores import Store
from sealane.store.app_tables import apps
from sealane.store.database import Database
from sealane.store.explanations import Prospects
from sealane.verdicts.model import Cause, FactKind, Verdict, VerdictKind
from sealane.workflows.admission import Gates
from sealane.workflows.queues import Queues

from .samples import NOON, app, deployment, release, revision

CAUSE = Cause(sentence="x", object="x", workload="x", reason=FactKind.ENDED, decisive=True, since=NOON)
ASKED = NOON + timedelta(hours=1)


def at(minute: int) -> datetime:
    return ASKED + timedelta(minutes=minute)


@dataclass
class World:
    """What changes while a deployment waits."""

    store: Store
    gates: Gates
    window: WindowStatus = windows.OPEN
    now: datetime = ASKED

    async def look(self, minute: int) -> tuple[Wait, ...]:
        self.now = at(minute)
        await self.gates.look("shop")
        return (await self.store.deployments.get("d-2")).waits


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    queueing = await Queues.open(f"sqlite:///{tmp_path}/workflows.db", poll=1.0, runs_at_once=1)
    known = Prospects(outlook=lambda _: world.window)
    store = await Store.open(database_url, logs=Logs(tmp_path / "logs"), prospects=known)
    world = World(store=store, gates=Gates(store=store, queueing=queueing, now=lambda: world.now))
    await store.apps.add(app("shop"), by="ann")
    yield world
    await store.close()
    await queueing.close()


async def test_each_is_noted_from_when_to_when(world: World) -> None:
    """An approval, a hold and a window that stand in the way at once; the gate that opens ends what is left."""
    store = world.store
    await store.releases.add(release(1), sequence=1, run_id=None)
    first = await store.deployments.offer(deployment(1, 1, release_id="rel-1"), revision("v1"))
    await store.deployment_queue.open(first.id, revision_id=first.revision_id, at=NOON)
    await store.deployment_queue.begin(first.id, at=NOON)
    await conclusion.conclude(
        store.database, first.id, Verdict(kind=VerdictKind.FAILED, reason="x", at=NOON, cause=CAUSE)
    )
    rule = ApprovalRule(by=("ops",), count=1, source="approval")
    asked = deployment(2, 2, release_id="rel-1", created=ASKED, rules=(rule,))
    await store.deployments.offer(asked, revision("v2"))
    world.window = WindowStatus(open=False, reason="night")

    approval, hold, window = (Wait(kind=kind, since=at(0)) for kind in (Waits.APPROVAL, Waits.HOLD, Waits.WINDOW))
    assert await world.look(0) == (approval, hold, window)
    assert await world.look(1) == (approval, hold, window)
    await store.holds.lift("shop", "production", by="ann", reason="mended", at=at(2))
    assert await world.look(2) == (approval, hold := replace(hold, until=at(2)), window)
    vote = Vote(revision_id=asked.revision_id, user="bob", groups=("ops",), approves=True, comment="", at=at(3))
    await store.votes.add(asked, vote)
    assert await world.look(3) == (approval := replace(approval, until=at(3)), hold, window)
    world.window = windows.OPEN
    assert await world.look(4) == (approval, hold, window := replace(window, until=at(4)))
    assert (await store.deployments.get(asked.id)).opened == at(4)

    await store.deployment_queue.shut(asked.id, at=at(5))
    world.window = WindowStatus(open=False, reason="night")
    assert await world.look(6) == (approval, hold, window, Wait(kind=Waits.WINDOW, since=at(6)))


async def test_what_was_counted_before_an_upgrade_is_told_apart(empty_url: str) -> None:
    """What holds took of it is known; what waits for its approval does so since it was asked for."""
    database = Database(empty_url)
    migration.migrate(database, to="0042")
    tables = {table: _older(table) for table in (deployment_tables.deployments, figure_tables.deployment_figures)}
    figures = {"app": "shop", "formation": "production", "environment": "production", "at": 0, "deployed": True}
    figures |= dict.fromkeys(("queue", "steps", "approval", "rollout"), 0.0)

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.insert(apps).values(rows.fields(app("shop"))))
        for number, minutes in enumerate((30, 5)):
            releases.keep(connection, revision(f"v{number}"), NOON)
            created = deployment(number, number + 1, state=DeploymentState.ENDED, opened=at(60), place=1.0)
            _insert(connection, tables[deployment_tables.deployments], deployments.row(created))
            counted = figures | {"deployment_id": created.id, "lead_time": 3600.0, "window": minutes * 60.0}
            _insert(connection, tables[figure_tables.deployment_figures], counted)
        releases.keep(connection, revision("v2"), NOON)
        rule = ApprovalRule(by=("ops",), count=1, source="approval")
        _insert(connection, tables[deployment_tables.deployments], deployments.row(deployment(2, 3, rules=(rule,))))
        for number, (begun, lifted) in enumerate(((20, 40), (35, 50), (55, None))):
            values = {"id": f"h-{number}", "app": "shop", "formation": "production", "up_to": 9, "place": 2.0}
            values |= {"deployment_id": "d-0", "reason": "x", "created": at(begun)}
            values["lifted"] = None if lifted is None else at(lifted)
            connection.execute(sa.insert(deployment_tables.holds).values(values))

    database.write_now(work)
    migration.migrate(database)

    table = figure_tables.deployment_figures.c
    query = sa.select(table.hold, table.window).order_by(table.deployment_id)
    told = database.read_now(lambda c: c.execute(query).all())
    assert [tuple(row) for row in told] == [(25 * 60, 5 * 60), (5 * 60, 0)]
    waiting = database.read_now(lambda c: deployments.get(c, "d-2"))
    assert waiting.waits == (Wait(kind=Waits.APPROVAL, since=waiting.created),)
    database.close()


def _older(table: sa.Table) -> Any:
    """The table as it was."""
    return sa.table(
        table.name, *(sa.column(column.name, column.type) for column in table.columns if column.name not in _NEW)
    )


_NEW = {"waits", "hold"}


def _insert(connection: sa.Connection, table: Any, values: dict[str, Any]) -> None:
    flags = {"queued": False, "failed": False}
    known = {name: value for name, value in (flags | values).items() if name in table.c}
    connection.execute(sa.insert(table).values(known))
