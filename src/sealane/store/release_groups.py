"""Convoys: several formations that a release reaches together or not at all."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sealane.approvals.release_groups import GroupState
from sealane.records.model import Deployment, DeploymentKind, ReleaseGroupRow
from sealane.store import changes, formations, ids, rows
from sealane.store.database import Database
from sealane.store.tables import convoys, runs
from sealane.store.tables import deployments as deployments_table


class ReleaseGroups:
    """The table of convoys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gather(self, convoy: ReleaseGroupRow) -> None:
        """Stores a convoy before its first member is offered. Key: its id; repeating it changes nothing."""

        def work(connection: sa.Connection) -> None:
            if rows.one(connection, sa.select(convoys.c.id).where(convoys.c.id == convoy.id)) is None:
                values = {**rows.fields(convoy), "formations": list(convoy.formations)}
                connection.execute(sa.insert(convoys).values(values))

        await self._database.write(work)

    async def unsettled(self, app: str | None = None) -> tuple[GroupState, ...]:
        """Convoys that are under way, oldest first; of one app or of all."""
        query = sa.select(convoys).where(convoys.c.settled.is_(None)).order_by(convoys.c.created)
        query = query if app is None else query.where(convoys.c.app == app)

        def work(connection: sa.Connection) -> tuple[GroupState, ...]:
            return tuple(_muster(connection, rows.convoy(row)) for row in rows.all_of(connection, query))

        return await self._database.read(work)

    async def settle(self, convoy: ReleaseGroupRow, *, outcome: str, at: datetime) -> None:
        """Notes that all of it has ended, and what came of it. The first word stays."""

        def work(connection: sa.Connection) -> None:
            still = (convoys.c.id == convoy.id) & convoys.c.settled.is_(None)
            connection.execute(sa.update(convoys).where(still).values(settled=at, outcome=outcome))
            members = sa.select(deployments_table.c.id).where(deployments_table.c.convoy_id == convoy.id)
            told = [f"deployment:{found}" for found in connection.execute(members).scalars()]
            changes.tell(connection, at, changes.OVERVIEW, f"run:{convoy.run_id}", *told)

        await self._database.write(work)


def back_id(convoy_id: str, formation: str) -> str:
    """The id of the deployment that takes a convoy's member back, so that a repeated step finds what it made before."""
    return ids.derived("d", "back", convoy_id, formation)


def muster(connection: sa.Connection, convoy_id: str) -> GroupState:
    """The convoy with all that is known of its members, in this transaction. Raises NotThere."""
    row = rows.one(connection, sa.select(convoys).where(convoys.c.id == convoy_id))
    return _muster(connection, rows.convoy(rows.there(row, f"convoy {convoy_id}")))


def _muster(connection: sa.Connection, convoy: ReleaseGroupRow) -> GroupState:
    members = _members(connection, convoy)
    ended = connection.execute(sa.select(runs.c.ended).where(runs.c.id == convoy.run_id)).scalar()
    backs = sa.select(deployments_table).where(
        deployments_table.c.id.in_([back_id(convoy.id, name) for name in convoy.formations])
    )
    found = [rows.deployment(row) for row in rows.all_of(connection, backs)]
    return GroupState(
        convoy=convoy,
        members=members,
        run_over=ended is not None,
        there={each.formation: formations.get(connection, each.app, each.formation).current_id for each in members},
        backs={each.formation: each for each in found},
    )


def _members(connection: sa.Connection, convoy: ReleaseGroupRow) -> tuple[Deployment, ...]:
    query = sa.select(deployments_table).where(
        deployments_table.c.convoy_id == convoy.id, deployments_table.c.kind == DeploymentKind.DELIVERY.value
    )
    found = {each.formation: each for each in map(rows.deployment, rows.all_of(connection, query))}
    return tuple(found[name] for name in convoy.formations if name in found)
