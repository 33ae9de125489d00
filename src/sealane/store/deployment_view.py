"""One deployment with everything that belongs to it: timeline, evidence, and what a reviewer compares it with."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.events import commits as histories
from sealane.events.commits import CommitRange
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.formations import Formation
from sealane.records.scopes import EVERYTHING, Scope
from sealane.records.views import DeploymentView
from sealane.store import (
    commits,
    deployments,
    explanations,
    failure_reports,
    formations,
    gate_requests,
    gates,
    group_reports,
    inbox,
    instance_counts,
    origins,
    releases,
    reports,
    rows,
    seen,
    votes,
)
from sealane.store.deployment_tables import holds as holds_table
from sealane.store.explanations import Prospects

_NOT_BEGUN = {DeploymentState.WAITING, DeploymentState.QUEUED}


def of(
    connection: sa.Connection, deployment_id: str, prospects: Prospects, scope: Scope = EVERYTHING
) -> DeploymentView:
    """The deployment, in this transaction. Raises NotThere."""
    deployment = deployments.get(connection, deployment_id)
    there = formations.get(connection, deployment.app, deployment.formation)
    previous = _compared_with(connection, deployment, there)
    old = releases.revision(connection, previous) if previous else None
    cast = votes.of(connection, deployment_id, deployment.revision_id)
    own_hold = sa.select(holds_table).where(
        holds_table.c.deployment_id == deployment_id, holds_table.c.lifted.is_(None)
    )
    held = rows.one(connection, own_hold)
    origin = origins.of(connection, [deployment]).get(deployment.id)
    release = releases.get(connection, deployment.release_id) if deployment.release_id else None
    return DeploymentView(
        deployment=deployment,
        timeline=deployments.story(connection, deployment_id),
        revision=releases.revision(connection, deployment.revision_id),
        previous=old,
        release=release,
        origin=origin,
        since=_since(connection, deployment.app, old.release, release.commit) if old and release else None,
        tests=reports.together(connection, origin.run) if origin else None,
        approval=inbox.approval(connection, deployment, cast, prospects),
        failure_report=failure_reports.of(connection, deployment_id),
        second_failure_report=failure_reports.second_of(connection, deployment_id),
        hold=rows.hold(held) if held else None,
        is_there=(deployment_id, deployment_id) == (there.current_id, there.verified_id),
        groups=group_reports.of(connection, deployment, scope, explanations.says(connection, prospects)),
        gates=gates.of(connection, deployment_id),
        observation=seen.observation(connection, deployment_id),
        instances=instance_counts.of(connection, deployment_id),
        requests=gate_requests.of(connection, deployment_id),
    )


def _compared_with(connection: sa.Connection, deployment: Deployment, there: Formation) -> str | None:
    """The verified revision; once the deployment has begun, the one that was verified before."""
    if deployment.state in _NOT_BEGUN and there.verified_id:
        return deployments.get(connection, there.verified_id).revision_id
    return deployment.from_revision_id


def _since(connection: sa.Connection, app: str, old: str | None, new: str) -> CommitRange | None:
    """What the commit adds to the one of the old release."""
    there = releases.get(connection, old).commit if old else ""
    return histories.since(commits.by_hash(connection, app), there, new) if there and new else None
