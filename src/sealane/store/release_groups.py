"""Release groups: several formations that get a release together or not at all."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sealane.approvals.release_groups import GroupState
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.records.formations import ReleaseGroupRow
from sealane.store import event_writes, formations, ids, rows
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import release_groups
from sealane.store.run_tables import runs

_UNSETTLED = sa.select(release_groups).where(release_groups.c.settled.is_(None)).order_by(release_groups.c.created)
_UNSETTLED_OF_APP = _UNSETTLED.where(release_groups.c.app == sa.bindparam("app"))


class ReleaseGroups:
    """The table of release groups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gather(self, release_group: ReleaseGroupRow) -> None:
        """Stores a release group before its first member is offered. Key: its id; repeating it changes nothing."""

        def work(connection: sa.Connection) -> None:
            if (
                rows.one(connection, sa.select(release_groups.c.id).where(release_groups.c.id == release_group.id))
                is None
            ):
                values = {**rows.fields(release_group), "formations": list(release_group.formations)}
                connection.execute(sa.insert(release_groups).values(values))

        await self._database.write(work)

    async def unsettled(self, app: str | None = None) -> tuple[GroupState, ...]:
        """Release groups in progress, oldest first; of one app or of all."""

        def work(connection: sa.Connection) -> tuple[GroupState, ...]:
            if app is None:
                listed = rows.all_of(connection, _UNSETTLED)
            else:
                listed = rows.all_of(connection, _UNSETTLED_OF_APP, app=app)
            return tuple(_group_state(connection, rows.release_group(row)) for row in listed)

        return await self._database.read(work)

    async def settle(self, release_group: ReleaseGroupRow, *, outcome: str, at: datetime) -> None:
        """Notes that all of it has ended, and its result. The first result stays."""

        def work(connection: sa.Connection) -> None:
            still = (release_groups.c.id == release_group.id) & release_groups.c.settled.is_(None)
            connection.execute(sa.update(release_groups).where(still).values(settled=at, outcome=outcome))
            of_group = deployments_table.c.release_group_id == release_group.id
            members = sa.select(deployments_table.c.id, deployments_table.c.formation).where(of_group)
            for member in [*connection.execute(members), None]:
                ended = DomainEvent(
                    kind=Kind.RELEASE_GROUP_ENDED,
                    at=at,
                    app=release_group.app,
                    formation=member.formation if member else None,
                    run=release_group.run_id,
                    deployment=member.id if member else None,
                    data={"group": release_group.id, "formations": list(release_group.formations), "outcome": outcome},
                )
                event_writes.append(connection, ended)

        await self._database.write(work)


def back_id(release_group_id: str, formation: str) -> str:
    """The id of the deployment that rolls a group's member back, so that a repeated step finds what it made before."""
    return ids.derived("d", "back", release_group_id, formation)


def group_state(connection: sa.Connection, release_group_id: str) -> GroupState:
    """The release group with the state of its members, in this transaction. Raises NotThere."""
    row = rows.one(connection, sa.select(release_groups).where(release_groups.c.id == release_group_id))
    return _group_state(connection, rows.release_group(rows.there(row, f"release group {release_group_id}")))


def _group_state(connection: sa.Connection, release_group: ReleaseGroupRow) -> GroupState:
    members = _members(connection, release_group)
    ended = connection.execute(sa.select(runs.c.ended).where(runs.c.id == release_group.run_id)).scalar()
    backs = sa.select(deployments_table).where(
        deployments_table.c.id.in_([back_id(release_group.id, name) for name in release_group.formations])
    )
    deployments = [rows.deployment(row) for row in rows.all_of(connection, backs)]
    return GroupState(
        release_group=release_group,
        members=members,
        run_over=ended is not None,
        there={
            member.formation: formations.get(connection, member.app, member.formation).current_id for member in members
        },
        backs={deployment.formation: deployment for deployment in deployments},
    )


def _members(connection: sa.Connection, release_group: ReleaseGroupRow) -> tuple[Deployment, ...]:
    query = sa.select(deployments_table).where(
        deployments_table.c.release_group_id == release_group.id,
        deployments_table.c.kind == DeploymentKind.DELIVERY.value,
    )
    deployments = {
        deployment.formation: deployment for deployment in map(rows.deployment, rows.all_of(connection, query))
    }
    return tuple(deployments[name] for name in release_group.formations if name in deployments)
