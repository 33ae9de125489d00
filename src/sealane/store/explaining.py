"""Why not yet: gathers what the pure answer in `approvals.waiting` is made from."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.approvals import waiting
from sealane.approvals.waiting import Circumstances, Why
from sealane.errors import NotThere
from sealane.store import deployments, formations, holds, overviews, releases, rows, runs, votes
from sealane.store.model import Deployment, DeploymentState, RunView
from sealane.store.tables import deployments as deployments_table
from sealane.store.tables import releases as releases_table
from sealane.store.tables import runs as runs_table


def why(connection: sa.Connection, what: str) -> Why:
    """Why a run, a deployment or `app/formation` failed or does not move. Raises NotThere."""
    if what.startswith("r-"):
        return waiting.run(view_run(connection, what))
    if what.startswith("d-"):
        return _deployment(connection, deployments.get(connection, what))
    app, slash, formation = what.partition("/")
    if not slash:
        raise NotThere(f"there is nothing called {what}", mend="name a run (r-…), a deployment (d-…) or app/formation")
    row = next(
        (each for each in overviews.overview(connection) if (each.app, each.formation) == (app, formation)), None
    )
    if row is None:
        formations.get(connection, app, formation)
    subject = waiting.formation(row) if row else None
    if subject is None:
        return Why(sentence=f"nothing was ever started on {what}")
    return _deployment(connection, subject)


def view_run(connection: sa.Connection, run_id: str) -> RunView:
    """A run with all that came of it, in this transaction. Raises NotThere."""
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


def circumstances(connection: sa.Connection, deployment: Deployment) -> Circumstances:
    """All that a waiting deployment depends on, in this transaction."""
    query = sa.select(releases_table.c.sequence).where(releases_table.c.id == deployment.release_id)
    made = connection.execute(query).scalar() if deployment.release_id else None
    return Circumstances(
        votes=votes.of(connection, deployment.id, deployment.revision_id),
        holds=holds.open_ones(connection, deployment.app),
        release_sequence=made if made is not None else deployment.sequence,
        after=tuple(deployments.get(connection, earlier) for earlier in deployment.after),
    )


def _deployment(connection: sa.Connection, subject: Deployment) -> Why:
    rolling = deployments.in_state(connection, DeploymentState.ROLLING_OUT, subject.app)
    ahead = [each for each in rolling if each.formation == subject.formation]
    return waiting.deployment(subject, circumstances(connection, subject), ahead=ahead)
