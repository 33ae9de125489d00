"""The one transaction that ends a deployment: its verdict, the formation's state, holds, and what it supersedes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from sealane.approvals import admission, hold_rules, way_out
from sealane.destinations.model import Inventory
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.stencils.model import Revision
from sealane.store import deployments, formations, holds, ids, rows
from sealane.store.app_tables import releases
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as table
from sealane.verdicts import outcomes, rollback_target
from sealane.verdicts.model import Verdict, VerdictKind

_HELD = {VerdictKind.FAILED, VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentNotes:
    """What is kept with a deployment besides its verdict."""

    note: str | None = None
    way_back: str | None = None
    watched_until: datetime | None = None


async def conclude(
    database: Database,
    deployment_id: str,
    verdict: Verdict,
    *,
    inventory: Inventory | None = None,
    startup: float | None = None,
    remarks: DeploymentNotes = DeploymentNotes(),
) -> Deployment:
    """Ends the deployment. Key: its id; the first verdict stays.

    A good one becomes the formation's verified deployment and lifts the holds on older releases. A bad one with a release
    puts a hold on it and everything older, unless the cause lies outside of the release. A rollback by hand puts a hold on
    what was deployed before.
    """

    def work(connection: sa.Connection) -> Deployment:
        deployment = deployments.get(connection, deployment_id)
        if deployment.state is DeploymentState.ENDED:
            return deployment
        there = formations.lock(connection, deployment.app, deployment.formation)
        deployments.finish(connection, deployment_id, verdict)
        noted = {name: value for name, value in asdict(remarks).items() if value}
        if noted:
            connection.execute(sa.update(table).where(table.c.id == deployment_id).values(**noted))
        values: dict[str, object] = {"holder": None}
        if inventory is not None:
            values["inventory"] = rows.plain(inventory)
        if verdict.kind is VerdictKind.DEPLOYED:
            values |= {"verified_id": deployment_id, "current_id": deployment_id}
            values |= {"startup": startup} if startup is not None else {}
            _good(connection, deployment, verdict, there.verified_id)
        elif verdict.kind is VerdictKind.ROLLED_BACK:
            values["current_id"] = there.verified_id
            values |= _place(connection, there.verified_id)
        elif verdict.untouched:
            values["current_id"] = _left_there(connection, deployment)
        if verdict.kind in _HELD and verdict.cause is not None and not verdict.cause.is_outside:
            _bad(connection, deployment, verdict)
        formations.update(connection, deployment.app, deployment.formation, **values)
        if verdict.kind not in {VerdictKind.DEPLOYED, VerdictKind.SUPERSEDED}:
            _stuck(connection, deployment, verdict)
        return deployments.get(connection, deployment_id)

    return await database.write(work)


async def roll_back(
    database: Database, deployment_id: str, verdict: Verdict, *, to: Deployment, revision: Revision
) -> Deployment | None:
    """Replaces a good verdict by another one, with its hold, and offers the deployment `to` again.

    Key: the deployment. None when something newer is deployed or on its way, or this was done already.
    """

    def work(connection: sa.Connection) -> Deployment | None:
        subject = deployments.get(connection, deployment_id)
        there = formations.lock(connection, subject.app, subject.formation)
        subject = deployments.get(connection, deployment_id)
        if there.current_id != subject.id or subject.verdict_kind is not VerdictKind.DEPLOYED:
            return None
        deployments.judge_anew(connection, subject.id, verdict)
        formations.update(connection, subject.app, subject.formation, verified_id=to.id)
        _bad(connection, subject, verdict)
        wanted = replace(
            to.afresh(),
            id=rollback_id(subject.id),
            kind=DeploymentKind.ROLLBACK,
            sequence=subject.sequence,
            requested_by=None,
            agreed=admission.met(to),
            note=f"rolls back {subject.app} #{_release_sequence(connection, subject)}: {verdict.reason}",
            created=verdict.at,
        )
        return deployments.offer(connection, wanted, revision)

    return await database.write(work)


def rollback_id(deployment_id: str) -> str:
    """The id of the deployment that rolls another one back."""
    return ids.derived("d", "rolled back", deployment_id)


def _stuck(connection: sa.Connection, back: Deployment, verdict: Verdict) -> None:
    """The deployment that is still there because its rollback failed."""
    if back.kind is not DeploymentKind.ROLLBACK or back.requested_by is not None:
        return
    for past in deployments.history(connection, back.app, back.formation):
        taken = past.verdict if rollback_id(past.id) == back.id else None
        if taken is not None:
            stuck = outcomes.not_rolled_back(taken, verdict.reason, at=verdict.at)
            deployments.judge_anew(connection, past.id, stuck)


def _left_there(connection: sa.Connection, untouched: Deployment) -> str | None:
    """The deployment that is still there."""
    past: dict[int, rollback_target.PastDeployment] = {}
    ids: dict[int, str] = {}
    for deployment in deployments.history(connection, untouched.app, untouched.formation, limit=200):
        if (
            deployment.started
            and deployment.verdict
            and deployment.id != untouched.id
            and deployment.sequence not in past
        ):
            ids[deployment.sequence] = deployment.id
            past[deployment.sequence] = rollback_target.PastDeployment(
                sequence=deployment.sequence,
                revision=deployment.revision_id,
                verdict=deployment.verdict.kind,
                untouched=deployment.verdict.wrote_nothing,
            )
    past_deployment = rollback_target.there(past.values())
    return ids[past_deployment.sequence] if past_deployment else None


def _good(connection: sa.Connection, deployment: Deployment, verdict: Verdict, before: str | None) -> None:
    passed = tuple(
        hold
        for hold in holds.open_ones(connection, deployment.app)
        if hold.formation == deployment.formation and hold.place < deployment.place
    )
    if passed:
        reason = f"{deployment.app} #{_release_sequence(connection, deployment)} was deployed"
        holds.lift(connection, passed, by=None, reason=reason, at=verdict.at)
    if deployment.kind is DeploymentKind.ROLLBACK and before is not None:
        left = deployments.get(connection, before)
        if left.place > deployment.place:
            reason = deployment.note or f"{deployment.requested_by or 'somebody'} rolled it back"
            bad = _release_sequence(connection, left)
            holds.put(connection, left, up_to=bad, reason=reason, at=verdict.at)
            _tell_held(connection, deployment, left, bad, verdict)


def _tell_held(connection: sa.Connection, back: Deployment, left: Deployment, up_to: int, verdict: Verdict) -> None:
    """Adds a line that says what the rollback holds from now on, and how to lift the hold."""
    waiting = deployments.in_state(connection, DeploymentState.WAITING, back.app)
    stopped = [
        deployment
        for deployment in waiting
        if deployment.formation == back.formation and deployment.place <= left.place
    ]
    named = ", ".join(f"#{deployment.sequence}" for deployment in stopped if deployment.kind not in hold_rules.FREE)
    text = f"holds {back.app} #{up_to} and older at {back.formation}{f', so that {named} waits' if named else ''}; "
    text += f"what is newer in commits goes on, and the rest is let out by: {way_out.lifting(back.label)}"
    deployments.add_line(connection, back.id, deployments.Line(key="holds", phase="hold", text=text), verdict.at)


def _place(connection: sa.Connection, verified: str | None) -> dict[str, object]:
    """The formation's place after a failure: the deployment may have been on its way to another namespace."""
    if verified is None:
        return {}
    back = deployments.get(connection, verified)
    return {"environment": back.environment, "destination": back.destination, "namespace": back.namespace}


def _bad(connection: sa.Connection, deployment: Deployment, verdict: Verdict) -> None:
    if deployment.kind in {DeploymentKind.DELIVERY, DeploymentKind.MANUAL}:
        up_to = _release_sequence(connection, deployment)
        holds.put(connection, deployment, up_to=up_to, reason=verdict.reason, at=verdict.at)


def _release_sequence(connection: sa.Connection, deployment: Deployment) -> int:
    """The number of the run that made the release; a promotion's own number tells only when it was asked for."""
    query = sa.select(releases.c.sequence).where(releases.c.id == deployment.release_id)
    sequence = connection.execute(query).scalar() if deployment.release_id else None
    return int(sequence) if sequence is not None else deployment.sequence
