"""What pages and the API show: reads only, each one transaction, few queries however much is stored."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from sealane.approvals import quorum
from sealane.store import deployments, releases, rows, runs, votes
from sealane.store.database import Database
from sealane.store.model import (
    ApprovalView,
    Deployment,
    DeploymentState,
    DeploymentView,
    FormationRow,
    Run,
    RunView,
    Vote,
)
from sealane.store.tables import apps as apps_table
from sealane.store.tables import deployments as deployments_table
from sealane.store.tables import events as events_table
from sealane.store.tables import formations as formations_table
from sealane.store.tables import holds as holds_table
from sealane.store.tables import releases as releases_table
from sealane.store.tables import runs as runs_table

_STARTED = (DeploymentState.ROLLING_OUT.value, DeploymentState.ENDED.value)
_OPEN = (DeploymentState.WAITING.value, DeploymentState.QUEUED.value, DeploymentState.ROLLING_OUT.value)


class Views:
    """Everything that is shown and not changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def overview(self) -> tuple[FormationRow, ...]:
        """Every formation with what is there, what runs and what waits, by app and formation."""
        return await self._database.read(_overview)

    async def runs(self, app: str | None = None, *, limit: int = 50, before: Run | None = None) -> tuple[Run, ...]:
        """The newest runs first; `before` is the last run of the page before."""
        query = sa.select(runs_table).order_by(runs_table.c.created.desc(), runs_table.c.id.desc()).limit(limit)
        if app is not None:
            query = query.where(runs_table.c.app == app)
        if before is not None:
            place = sa.tuple_(runs_table.c.created, runs_table.c.id)
            last = sa.tuple_(sa.literal(before.created, runs_table.c.created.type), sa.literal(before.id))
            query = query.where(place < last)
        return tuple(rows.run(row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def run(self, run_id: str) -> RunView:
        """A run with its steps, deployments and findings. Raises NotThere."""
        return await self._database.read(lambda c: _run(c, run_id))

    async def deployments(
        self, app: str, formation: str, *, limit: int = 50, before: int | None = None
    ) -> tuple[Deployment, ...]:
        """The formation's deployments, newest first; `before` is the sequence of the last one of the page before."""
        query = sa.select(deployments_table).where(_of(app, formation))
        if before is not None:
            query = query.where(deployments_table.c.sequence < before)
        query = query.order_by(deployments_table.c.sequence.desc(), deployments_table.c.created.desc()).limit(limit)
        return tuple(rows.deployment(row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def deployment(self, deployment_id: str) -> DeploymentView:
        """A deployment with its story and evidence. Raises NotThere."""
        return await self._database.read(lambda c: _deployment(c, deployment_id))

    async def approvals_waiting(self) -> tuple[ApprovalView, ...]:
        """Deployments that wait for people, oldest first."""
        return await self._database.read(_approvals_waiting)

    async def heads(self, app: str) -> Mapping[str, str]:
        """Each ref that was ever pushed, with the commit of its newest event."""
        return await self._database.read(lambda c: _heads(c, app))


def _of(app: str, formation: str) -> sa.ColumnElement[bool]:
    return (deployments_table.c.app == app) & (deployments_table.c.formation == formation)


def _overview(connection: sa.Connection) -> tuple[FormationRow, ...]:
    query = sa.select(formations_table, apps_table.c.owner).join(apps_table).order_by(formations_table.c.app)
    found = rows.all_of(connection, query.order_by(formations_table.c.formation))
    newest = _newest_started(connection)
    named = {row[key] for row in found for key in ("current_id", "verified_id") if row[key]}
    known = {each.id: each for each in _by_id(connection, named)}
    active = sa.select(deployments_table).where(deployments_table.c.state.in_(_OPEN))
    going = [rows.deployment(row) for row in rows.all_of(connection, active.order_by(deployments_table.c.sequence))]
    open_holds = [rows.hold(row) for row in rows.all_of(connection, sa.select(holds_table).where(_not_lifted()))]
    ids = {each.release_id for each in known.values() if each.release_id}
    made = sa.select(releases_table).where(releases_table.c.id.in_(ids))
    by_id = {row["id"]: rows.release(row) for row in rows.all_of(connection, made)}

    def line(row: rows.Row) -> FormationRow:
        label = (row["app"], row["formation"])
        current = known.get(row["current_id"] or "")
        mine = [each for each in going if (each.app, each.formation) == label]
        return FormationRow(
            **{key: row[key] for key in ("app", "owner", "formation", "environment", "destination", "namespace")},
            current=current,
            verified=known.get(row["verified_id"] or ""),
            last=newest.get(label),
            running=next((each for each in mine if each.state is DeploymentState.ROLLING_OUT), None),
            waiting=tuple(each for each in mine if each.state is not DeploymentState.ROLLING_OUT),
            hold=next((each for each in open_holds if (each.app, each.formation) == label), None),
            release=by_id.get(current.release_id or "") if current else None,
            requests=row["requests"],
        )

    return tuple(line(row) for row in found)


def _newest_started(connection: sa.Connection) -> dict[tuple[str, str], Deployment]:
    """The deployment with each formation's highest sequence that was started."""
    same = (deployments_table.c.app == formations_table.c.app) & (
        deployments_table.c.formation == formations_table.c.formation
    )
    query = (
        sa.select(deployments_table)
        .join(formations_table, same)
        .where(
            deployments_table.c.sequence == formations_table.c.last_sequence, deployments_table.c.state.in_(_STARTED)
        )
    )
    found = [rows.deployment(row) for row in rows.all_of(connection, query)]
    return {(each.app, each.formation): each for each in found}


def _by_id(connection: sa.Connection, wanted: set[str]) -> list[Deployment]:
    query = sa.select(deployments_table).where(deployments_table.c.id.in_(wanted))
    return [rows.deployment(row) for row in rows.all_of(connection, query)]


def _not_lifted() -> sa.ColumnElement[bool]:
    return holds_table.c.lifted.is_(None)


def _run(connection: sa.Connection, run_id: str) -> RunView:
    run = runs.get(connection, run_id)
    findings = connection.execute(sa.select(runs_table.c.findings).where(runs_table.c.id == run_id)).scalar()
    came = (
        sa.select(deployments_table).where(deployments_table.c.run_id == run_id).order_by(deployments_table.c.created)
    )
    return RunView(
        run=run,
        steps=runs.steps(connection, run_id),
        findings=tuple(findings or ()),
        deployments=tuple(rows.deployment(row) for row in rows.all_of(connection, came)),
        release=releases.get(connection, run.release_id) if run.release_id else None,
    )


def _deployment(connection: sa.Connection, deployment_id: str) -> DeploymentView:
    deployment = deployments.get(connection, deployment_id)
    previous = deployment.from_revision_id
    cast = votes.of(connection, deployment_id, deployment.revision_id)
    own_hold = sa.select(holds_table).where(holds_table.c.deployment_id == deployment_id, _not_lifted())
    held = rows.one(connection, own_hold)
    return DeploymentView(
        deployment=deployment,
        timeline=deployments.story(connection, deployment_id),
        revision=releases.revision(connection, deployment.revision_id),
        previous=releases.revision(connection, previous) if previous else None,
        release=releases.get(connection, deployment.release_id) if deployment.release_id else None,
        approval=_approval(deployment, cast),
        dossier=deployments.dossier(connection, deployment_id),
        hold=rows.hold(held) if held else None,
    )


def _approval(deployment: Deployment, cast: tuple[Vote, ...]) -> ApprovalView:
    return ApprovalView(deployment=deployment, votes=cast, missing=quorum.missing(deployment, cast))


def _approvals_waiting(connection: sa.Connection) -> tuple[ApprovalView, ...]:
    asked = [each for each in deployments.in_state(connection, DeploymentState.WAITING) if each.rules]
    cast = votes.of_many(connection, asked)
    found = (_approval(each, cast[each.id]) for each in asked)
    return tuple(view for view in found if view.missing)


def _heads(connection: sa.Connection, app: str) -> dict[str, str]:
    query = (
        sa.select(runs_table.c.event)
        .join(events_table, events_table.c.run_id == runs_table.c.id)
        .where(events_table.c.app == app)
        .order_by(events_table.c.sequence)
    )
    told = connection.execute(query).scalars()
    return {event["ref"]: event["commit"] for event in told if event.get("ref") and event.get("commit")}
