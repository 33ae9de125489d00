"""The origins of deployments' releases: one query for all that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from sealane.records.deployments import Deployment
from sealane.records.runs import Run
from sealane.releases import origin
from sealane.releases.origin import Origin
from sealane.store import rows
from sealane.store.app_tables import releases
from sealane.store.deployment_tables import deployments
from sealane.store.run_tables import runs

_BUILT_BY = sa.func.coalesce(releases.c.run_id, deployments.c.run_id)
"""A rollback with a release group belongs to the group's run, and brings an earlier run's release."""
_RUNS = (
    sa.select(deployments.c.id.label("deployment_id"), runs)
    .select_from(deployments)
    .join(releases, releases.c.id == deployments.c.release_id, isouter=True)
    .join(runs, runs.c.id == _BUILT_BY)
    .where(deployments.c.id.in_(sa.bindparam("deployments", expanding=True)))
)


def of(connection: sa.Connection, listed: Iterable[Deployment]) -> Mapping[str, Origin]:
    """The origins by the deployment's id, without those whose release no run built."""
    named = list({deployment.id for deployment in listed})
    return {row["deployment_id"]: of_run(rows.run(row)) for row in rows.all_of(connection, _RUNS, deployments=named)}


def of_run(run: Run) -> Origin:
    """The origin that a run is."""
    return Origin(
        run=run.id,
        label=run.label,
        page=f"/runs/{run.id}",
        commit=run.event.commit or "",
        branch=run.event.branch,
        subject=origin.subject(run.event.message),
        author=run.event.author,
    )
