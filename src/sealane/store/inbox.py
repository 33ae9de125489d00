"""Everything that waits for a person, gathered in one transaction; the pure part is in `approvals.inbox`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from sealane.approvals import authorship as approving
from sealane.approvals import blockers, inbox, quorum, release_groups
from sealane.approvals.inbox import InboxItem
from sealane.environments.windows import WindowStatus
from sealane.records.deployments import Deployment, DeploymentState, GateWord, Vote
from sealane.records.views import ApprovalView
from sealane.store import authorship, deployments, explanations, holds, rows, votes
from sealane.store import release_groups as stored_groups
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.deployment_tables import gate_words
from sealane.store.explanations import Prospects

_UNANSWERED = sa.select(gate_words).where(
    gate_words.c.passes.is_(None), gate_words.c.deployment_id.in_(sa.bindparam("going", expanding=True))
)
_WITH_NOTE = (
    sa.select(deployments_table)
    .join(formations_table, formations_table.c.current_id == deployments_table.c.id)
    .where(deployments_table.c.note.is_not(None))
)


def everything(connection: sa.Connection, prospects: Prospects) -> tuple[InboxItem, ...]:
    """What waits for a person, by kind and then by age: what can expire comes first."""
    stands = deployments.in_state(connection, DeploymentState.WAITING)
    refusals = prospects.refusals()
    items = (
        _questions(connection),
        (
            inbox.approval(view, explanations.refused_now(connection, view.deployment, refusals))
            for view in approvals(connection, stands, prospects)
        ),
        _held(connection, stands),
        _windows(connection, stands, prospects),
        _undeleted(connection),
    )
    return tuple(item for listed in items for item in sorted(listed, key=lambda pending: pending.since))


def approvals(
    connection: sa.Connection, stands: Sequence[Deployment], prospects: Prospects
) -> tuple[ApprovalView, ...]:
    """The waiting deployments that need approval."""
    asked = [deployment for deployment in stands if deployment.rules]
    cast = votes.of_many(connection, asked)
    views = (approval(connection, deployment, cast[deployment.id], prospects) for deployment in asked)
    return tuple(view for view in views if view.missing)


def approval(
    connection: sa.Connection, deployment: Deployment, cast: tuple[Vote, ...], prospects: Prospects
) -> ApprovalView:
    """The votes on a deployment, missing approvals, whose work it is, and who may not approve it for that reason."""
    people, _ = prospects.known()
    cast = votes.as_granted(cast, deployment, prospects.access())
    contribution = authorship.work(connection, deployment)
    barred = approving.barred(deployment, contribution, people)
    return ApprovalView(
        deployment=deployment,
        votes=cast,
        missing=quorum.missing(deployment, cast, barred),
        barred=barred,
        asked_by=approving.asked_by(deployment, people),
        written=tuple(approving.writers(contribution.authors, people)),
    )


def _questions(connection: sa.Connection) -> Iterator[InboxItem]:
    going = {deployment.id: deployment for deployment in deployments.in_state(connection, DeploymentState.ROLLING_OUT)}
    for row in rows.all_of(connection, _UNANSWERED, going=[*going]) if going else ():
        word = GateWord(**row)
        yield inbox.question(going[word.deployment_id], word)


def _held(connection: sa.Connection, stands: Sequence[Deployment]) -> Iterator[InboxItem]:
    for app in sorted({deployment.app for deployment in stands}):
        if holds_open := holds.open_ones(connection, app):
            yield from inbox.held((deployment for deployment in stands if deployment.app == app), holds_open)


def _windows(connection: sa.Connection, stands: Sequence[Deployment], prospects: Prospects) -> Iterator[InboxItem]:
    """Deployments with a shut window, except those behind another deployment or in a release group that has begun."""
    known: dict[tuple[str, str], WindowStatus] = {}
    for deployment in stands:
        place = (deployment.app, deployment.environment)
        if place not in known:
            known[place] = prospects.outlook(deployment)
        asked = inbox.shut(deployment, known[place])
        if asked and not _comes_later(connection, deployment):
            yield asked


def _comes_later(connection: sa.Connection, deployment: Deployment) -> bool:
    before = (deployments.get(connection, earlier) for earlier in deployment.after)
    if not all(blockers.is_done(other, deployment) for other in before):
        return True
    if deployment.release_group_id is None:
        return False
    return release_groups.departed(stored_groups.group_state(connection, deployment.release_group_id).members)


def _undeleted(connection: sa.Connection) -> Iterator[InboxItem]:
    for row in rows.all_of(connection, _WITH_NOTE):
        if item := inbox.undeleted(rows.deployment(row)):
            yield item
