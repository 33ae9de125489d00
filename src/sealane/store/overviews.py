"""The overview: every formation of every app in a handful of queries."""

from __future__ import annotations

import sqlalchemy as sa

from sealane import clock
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.scopes import EVERYTHING, Scope
from sealane.records.views import FormationRow
from sealane.store import rows, scopes, watches
from sealane.store.app_tables import apps as apps_table
from sealane.store.app_tables import releases as releases_table
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.deployment_tables import holds as holds_table
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth

_STARTED = (DeploymentState.ROLLING_OUT.value, DeploymentState.ENDED.value)
_OPEN = (DeploymentState.WAITING.value, DeploymentState.QUEUED.value, DeploymentState.ROLLING_OUT.value)


def overview(
    connection: sa.Connection, production: frozenset[str], scope: Scope = EVERYTHING, *, app: str | None = None
) -> tuple[FormationRow, ...]:
    """Every formation in the scope, in this transaction, or those of one app; `production` names environments."""
    query = sa.select(formations_table, apps_table.c.owner).join(apps_table).order_by(formations_table.c.app)
    query = query.where(scopes.chosen(scope, formations_table.c.app, formations_table.c.environment))
    query = query.where(_of(app, formations_table))
    listed = rows.all_of(connection, query.order_by(formations_table.c.formation))
    newest = _newest_started(connection, app)
    named = {row[key] for row in listed for key in ("current_id", "verified_id") if row[key]}
    known = {deployment.id: deployment for deployment in newest.values()}  # mostly what is deployed and verified
    known |= {deployment.id: deployment for deployment in _by_id(connection, named - known.keys())}
    active = sa.select(deployments_table).where(deployments_table.c.state.in_(_OPEN), _of(app, deployments_table))
    going = [rows.deployment(row) for row in rows.all_of(connection, active.order_by(deployments_table.c.sequence))]
    held = sa.select(holds_table).where(holds_table.c.lifted.is_(None), _of(app, holds_table))
    open_holds = [rows.hold(row) for row in rows.all_of(connection, held)]
    ids = {deployment.release_id for deployment in known.values() if deployment.release_id}
    made = sa.select(releases_table).where(releases_table.c.id.in_(ids))
    by_id = {row["id"]: rows.release(row) for row in rows.all_of(connection, made)}

    watched = watches.of_all(connection, clock.now(), app)

    def line(row: rows.Row) -> FormationRow:
        label = (row["app"], row["formation"])
        current = known.get(row["current_id"] or "")
        mine = [deployment for deployment in going if (deployment.app, deployment.formation) == label]
        running = next((deployment for deployment in mine if deployment.state is DeploymentState.ROLLING_OUT), None)
        seen = watched.get(label)
        there = seen if seen and current and current.id == seen.deployment else None
        return FormationRow(
            **{key: row[key] for key in ("app", "owner", "formation", "environment", "destination", "namespace")},
            production=row["environment"] in production,
            current=current,
            verified=known.get(row["verified_id"] or ""),
            last=newest.get(label),
            running=running,
            waiting=tuple(deployment for deployment in mine if deployment.state is not DeploymentState.ROLLING_OUT),
            hold=next((hold for hold in open_holds if (hold.app, hold.formation) == label), None),
            release=by_id.get(current.release_id or "") if current else None,
            requests=row["requests"],
            health=_health(running) if running else there.health if there else None,
            drift=there.drift if there else None,
        )

    return tuple(line(row) for row in listed)


def _health(running: Deployment) -> FormationHealth | None:
    """The health of a formation during a deployment: unknown while its destination does not answer."""
    return health.unknown(running.unreached_since, None) if running.unreached_since else None


def _of(app: str | None, table: sa.Table) -> sa.ColumnElement[bool]:
    """The condition for the app; everything without one."""
    return sa.true() if app is None else table.c.app == app


def _newest_started(connection: sa.Connection, app: str | None) -> dict[tuple[str, str], Deployment]:
    """The deployment with each formation's highest sequence that was started."""
    same = (deployments_table.c.app == formations_table.c.app) & (
        deployments_table.c.formation == formations_table.c.formation
    )
    query = (
        sa.select(deployments_table)
        .join(formations_table, same)
        .where(
            deployments_table.c.sequence == formations_table.c.last_sequence,
            deployments_table.c.state.in_(_STARTED),
            _of(app, formations_table),
        )
    )
    query = query.order_by(
        deployments_table.c.created
    )  # a rollback of a release group's member has the member's number
    deployments = [rows.deployment(row) for row in rows.all_of(connection, query)]
    return {(deployment.app, deployment.formation): deployment for deployment in deployments}


def _by_id(connection: sa.Connection, wanted: set[str]) -> list[Deployment]:
    query = sa.select(deployments_table).where(deployments_table.c.id.in_(wanted))
    return [rows.deployment(row) for row in rows.all_of(connection, query)]
