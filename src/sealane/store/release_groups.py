"""Release groups: several formations that get a release together or not at all."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sealane.approvals import group_report
from sealane.approvals.release_groups import GroupState
from sealane.outbox.model import DomainEvent, Kind
from sealane.pipelines.model import Kind as Step
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.records.release_groups import MemberReport, ReleaseGroupRow
from sealane.store import deployments, event_writes, formations, ids, rows, runs
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import release_groups
from sealane.store.run_tables import runs as runs_table

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
            if not connection.execute(
                sa.update(release_groups).where(still).values(settled=at, outcome=outcome)
            ).rowcount:
                return
            report = group_report.report(group_state(connection, release_group.id))
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
                    data={
                        "group": release_group.id,
                        "formations": list(release_group.formations),
                        "outcome": outcome,
                        "stage": report.stage.value,
                        "members": [_told(member_report) for member_report in report.members],
                    },
                )
                event_writes.append(connection, ended)

        await self._database.write(work)


def _told(member: MemberReport) -> dict[str, str | None]:
    return {
        "formation": member.formation,
        "state": member.forward.state.value if member.forward else None,
        "rollback": member.back.state.value if member.back else None,
        "stays": member.stays.value if member.stays else None,
    }


def back_id(release_group_id: str, formation: str) -> str:
    """The id of the deployment that rolls a group's member back, so that a repeated step finds what it made before."""
    return ids.derived("d", "back", release_group_id, formation)


def group_state(connection: sa.Connection, release_group_id: str) -> GroupState:
    """The release group with the state of its members, in this transaction. Raises NotThere."""
    row = rows.one(connection, sa.select(release_groups).where(release_groups.c.id == release_group_id))
    return _group_state(connection, rows.release_group(rows.there(row, f"release group {release_group_id}")))


def of_run(connection: sa.Connection, run_id: str) -> tuple[GroupState, ...]:
    """The run's release groups with the state of their members, in the order in which they were stored."""
    query = sa.select(release_groups).where(release_groups.c.run_id == run_id)
    ordered = query.order_by(release_groups.c.created, release_groups.c.id)
    return tuple(_group_state(connection, rows.release_group(row)) for row in rows.all_of(connection, ordered))


def of(connection: sa.Connection, deployment: Deployment) -> GroupState | None:
    """The release group that the deployment is a member of, or rolls a member of back; None without one."""
    if deployment.release_group_id is not None:
        return group_state(connection, deployment.release_group_id)
    if deployment.run_id is None or deployment.kind is not DeploymentKind.ROLLBACK:
        return None
    groups = of_run(connection, deployment.run_id)
    return next(
        (group for group in groups if deployment.id == back_id(group.release_group.id, deployment.formation)), None
    )


def _group_state(connection: sa.Connection, release_group: ReleaseGroupRow) -> GroupState:
    members = _members(connection, release_group)
    ended = connection.execute(sa.select(runs_table.c.ended).where(runs_table.c.id == release_group.run_id)).scalar()
    backs = sa.select(deployments_table).where(
        deployments_table.c.id.in_([back_id(release_group.id, name) for name in release_group.formations])
    )
    going_back = [rows.deployment(row) for row in rows.all_of(connection, backs)]
    return GroupState(
        release_group=release_group,
        members=members,
        run_over=ended is not None,
        there={member.formation: _there(connection, member) for member in members},
        backs={deployment.formation: deployment for deployment in going_back},
        unoffered=_unoffered(connection, release_group)
        if ended and len(members) < len(release_group.formations)
        else {},
    )


def _there(connection: sa.Connection, member: Deployment) -> str | None:
    """The deployment that is there; the member where it was only scaled or restarted since."""
    current = formations.get(connection, member.app, member.formation).current_id
    if current is None or current == member.id:
        return current
    deployment = deployments.get(connection, current)
    return member.id if deployment.kind.in_place and deployment.release_id == member.release_id else current


def _unoffered(connection: sa.Connection, release_group: ReleaseGroupRow) -> dict[str, str]:
    """Why the run requested no deployment, by formation."""
    steps = runs.steps(connection, release_group.run_id)
    delivers = (step for step in steps if step.kind == Step.DELIVER and step.name in release_group.formations)
    return {step.name: step.reason for step in delivers if step.reason}


def _members(connection: sa.Connection, release_group: ReleaseGroupRow) -> tuple[Deployment, ...]:
    query = sa.select(deployments_table).where(
        deployments_table.c.release_group_id == release_group.id,
        deployments_table.c.kind == DeploymentKind.DELIVERY.value,
    )
    members = {deployment.formation: deployment for deployment in map(rows.deployment, rows.all_of(connection, query))}
    return tuple(members[name] for name in release_group.formations if name in members)
