"""Reports of release groups, as far as a reader may see their members."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from sealane.approvals import group_report
from sealane.approvals.release_groups import GroupState
from sealane.records.deployments import Deployment
from sealane.records.release_groups import GroupReport
from sealane.records.scopes import Scope
from sealane.store import release_groups

Says = Callable[[Deployment], str]
"""What a deployment that has not ended waits for or does."""
_MOST_EXPLAINED = 20
"""Members whose waits are explained: each explanation reads all members."""


def of(connection: sa.Connection, subject: Deployment, scope: Scope, says: Says) -> tuple[GroupReport, ...]:
    """The release group that a deployment moves or rolls back with; empty without one."""
    group_state = release_groups.of(connection, subject)
    return (_report(group_state, scope, says),) if group_state else ()


def of_run(connection: sa.Connection, run_id: str, scope: Scope, says: Says) -> tuple[GroupReport, ...]:
    """The run's release groups."""
    return tuple(_report(group_state, scope, says) for group_state in release_groups.of_run(connection, run_id))


def _report(group_state: GroupState, scope: Scope, says: Says) -> GroupReport:
    app = group_state.release_group.app
    parts = (*group_state.members, *group_state.backs.values())
    waiting = [deployment for deployment in parts if deployment.verdict is None][:_MOST_EXPLAINED]
    return group_report.report(
        group_state,
        says={part.id: says(part) for part in waiting},
        shown=lambda member: scope.covers(app, member.environment) if member else scope.is_whole(app),
    )
