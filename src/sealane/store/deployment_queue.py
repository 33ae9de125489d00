"""The queue of deployments: let through by their gates, and begun in order; older ones are superseded."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from sealane.approvals import precedence
from sealane.outbox.model import Kind
from sealane.records import waits
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.formations import Behind, Formation
from sealane.records.waits import Waits
from sealane.store import apps, deployments, event_writes, formations, rows
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as table
from sealane.store.deployments import Line
from sealane.verdicts.messages import causes
from sealane.verdicts.model import Verdict, VerdictKind

_LOOKED_BACK = 50
"""Deployments of a formation that are searched for changes of scale."""

_UNQUEUED = (
    sa.select(table).where(table.c.state == DeploymentState.QUEUED.value, ~table.c.queued).order_by(table.c.sequence)
)


class DeploymentQueue:
    """The table of deployments, from an open gate to the start of a rollout."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unqueued(self) -> tuple[Deployment, ...]:
        """Deployments with open gates whose workflow was never queued, because a process died in between."""
        listed = await self._database.read(lambda c: rows.all_of(c, _UNQUEUED))
        return tuple(rows.deployment(row) for row in listed)

    async def open(self, deployment_id: str, *, revision_id: str, at: datetime) -> bool:
        """Opens the gate for that revision, once: True for the caller that did.

        Older deployments to the formation that were let through and have not begun are superseded.
        """

        def work(connection: sa.Connection) -> bool:
            closed = (table.c.state == DeploymentState.WAITING.value) & (table.c.id == deployment_id)
            opened = sa.update(table).where(closed, table.c.revision_id == revision_id)
            values = {"state": DeploymentState.QUEUED.value, "opened": at, "waiting_for": None}
            if not connection.execute(opened.values(values)).rowcount:
                return False
            opened_now = deployments.get(connection, deployment_id)
            _note_waits(connection, opened_now, (), at)
            _supersede_queued(connection, opened_now, at)
            event_writes.deployment_event(connection, Kind.DEPLOYMENT_QUEUED, opened_now, at)
            return True

        return await self._database.write(work)

    async def note_waits(self, deployment_id: str, kinds: Collection[Waits], *, at: datetime) -> None:
        """Notes what a deployment with a shut gate waits for."""

        def work(connection: sa.Connection) -> None:
            deployment = deployments.get(connection, deployment_id)
            if deployment.state is DeploymentState.WAITING:
                _note_waits(connection, deployment, kinds, at)

        await self._database.write(work)

    async def shut(self, deployment_id: str, *, at: datetime) -> bool:
        """Shuts the gate of a deployment that has not begun, because something blocks it again."""

        def work(connection: sa.Connection) -> bool:
            queued = (table.c.state == DeploymentState.QUEUED.value) & (table.c.id == deployment_id)
            values = {"state": DeploymentState.WAITING.value, "opened": None, "queued": False}
            if not connection.execute(sa.update(table).where(queued).values(values)).rowcount:
                return False
            event_writes.deployment_event(
                connection, Kind.DEPLOYMENT_WAITING, deployments.get(connection, deployment_id), at
            )
            return True

        return await self._database.write(work)

    async def mark_queued(self, deployment_id: str, *, queued: bool = True) -> None:
        """Notes that the deployment's workflow is queued, or is to be queued once more."""
        update = sa.update(table).where(table.c.id == deployment_id).values(queued=queued)
        await self._database.write(lambda c: c.execute(update))

    async def begin(self, deployment_id: str, *, at: datetime, since: datetime | None = None) -> Deployment:
        """Begins the deployment; `since` is when its policies and limits began to be checked again.

        It is superseded when `precedence` says so for what is deployed.

        When a later request began first, it takes a new number. Returns the deployment's state afterwards: rolling out,
        ended, or waiting when its gate was shut again meanwhile.
        """

        def work(connection: sa.Connection) -> Deployment:
            deployment = deployments.get(connection, deployment_id)
            if deployment.state is not DeploymentState.QUEUED:
                return deployment
            there = formations.lock(connection, deployment.app, deployment.formation)
            deployment = deployments.get(connection, deployment_id)
            if deployment.state is not DeploymentState.QUEUED:
                return deployment  # it was cancelled while this waited for the lock
            if there.current_id and precedence.ends(
                current := deployments.get(connection, there.current_id), deployment
            ):
                _supersede(connection, deployment, by=current, at=at)
                return deployments.get(connection, deployment_id)
            if deployment.sequence < there.last_sequence and not deployment.kind.in_place:
                deployment = _renumber(connection, deployment, after=there.last_sequence, at=at)
            _start_there(connection, deployment, there, at)
            values = {"state": DeploymentState.ROLLING_OUT.value, "started": at, "phase": "begin", "waiting_for": None}
            values["unreached_since"] = None
            values["from_revision_id"] = deployments.revision_of(connection, there.verified_id)
            connection.execute(sa.update(table).where(table.c.id == deployment_id).values(values))
            begun = deployments.get(connection, deployment_id)
            event_writes.deployment_moved(connection, Kind.DEPLOYMENT_STARTED, begun, at, since=since)
            return begun

        return await self._database.write(work)


def _note_waits(connection: sa.Connection, deployment: Deployment, kinds: Collection[Waits], at: datetime) -> None:
    noted = waits.noted(deployment.waits, kinds, at)
    if noted != deployment.waits:
        update = sa.update(table).where(table.c.id == deployment.id)
        connection.execute(update.values(waits=rows.plain(noted)))


def _supersede(connection: sa.Connection, deployment: Deployment, *, by: Deployment, at: datetime) -> None:
    reason = causes.closed(precedence.reason(by, deployment))
    deployments.finish(connection, deployment.id, Verdict(kind=VerdictKind.SUPERSEDED, reason=reason, at=at))


def _renumber(connection: sa.Connection, deployment: Deployment, *, after: int, at: datetime) -> Deployment:
    """Gives it a number above all that began before: a formation's history is ordered by number."""
    number = apps.next_sequence(connection, deployment.app)
    text = f"is #{number} now: it was asked for as #{deployment.sequence}, and #{after} began before it"
    connection.execute(sa.update(table).where(table.c.id == deployment.id).values(sequence=number))
    deployments.add_line(connection, deployment.id, Line(key=f"number {number}", phase="begin", text=text), at)
    return deployments.get(connection, deployment.id)


def _start_there(connection: sa.Connection, deployment: Deployment, there: Formation, at: datetime) -> None:
    """Marks the formation as the deployment's. Scaling brings no release, so waiting deployments may still go."""
    values: dict[str, object] = {
        "current_id": deployment.id,
        "environment": deployment.environment,
        "destination": deployment.destination,
        "namespace": deployment.namespace,
    }
    if (there.environment, there.destination) != (deployment.environment, deployment.destination):
        values |= _moved(there, deployment)
    if not deployment.kind.in_place:
        values["last_sequence"] = deployment.sequence
        _supersede_waiting(connection, deployment, at)
        _tell_undone(connection, deployment, there, at)
    formations.update(connection, deployment.app, deployment.formation, **values)


def _tell_undone(connection: sa.Connection, deployment: Deployment, there: Formation, at: datetime) -> None:
    """Adds a line when the new release undoes what people scaled since the last one: its stencils count again."""
    if there.current_id is None or not deployments.get(connection, there.current_id).kind.in_place:
        return
    before = (
        earlier
        for earlier in deployments.history(connection, there.app, there.formation, _LOOKED_BACK)
        if earlier.started
    )
    since = itertools.takewhile(lambda earlier: earlier.kind.in_place, before)
    scaled = (earlier for earlier in since if earlier.kind is DeploymentKind.SCALE)
    sentences = [
        f"{earlier.note} by {earlier.requested_by}"
        for earlier in scaled
        if earlier.verdict_kind is VerdictKind.DEPLOYED
    ]
    if sentences:
        text = f"takes back what was scaled by hand: {', '.join(sentences)}"
        deployments.add_line(connection, deployment.id, Line(key="takes back", phase="begin", text=text), at)


def _moved(there: Formation, deployment: Deployment) -> dict[str, object]:
    """The inventories at the destination that the formation goes to and at those it leaves: each is of one destination."""
    to = (deployment.environment, deployment.destination)
    known = [behind for behind in there.behind if (behind.environment, behind.destination) == to]
    others = [behind for behind in there.behind if behind not in known]
    left = Behind(
        environment=there.environment,
        destination=there.destination,
        namespace=there.namespace,
        inventory=there.inventory,
    )
    return {
        "inventory": rows.plain(known[0].inventory if known else ()),
        "behind": rows.plain([*others, *([left] if left.inventory else [])]),
    }


def _supersede_waiting(connection: sa.Connection, coming: Deployment, at: datetime) -> None:
    for waiting in deployments.in_state(connection, DeploymentState.WAITING, coming.app):
        if waiting.formation == coming.formation and precedence.ends(coming, waiting):
            _supersede(connection, waiting, by=coming, at=at)


def _supersede_queued(connection: sa.Connection, coming: Deployment, at: datetime) -> None:
    """Supersedes the older of two quick pushes, which would only be replaced. Scaling brings no release."""
    if coming.kind.in_place:
        return
    formations.lock(connection, coming.app, coming.formation)
    for queued in deployments.in_state(connection, DeploymentState.QUEUED, coming.app):
        here = queued.formation == coming.formation and queued.kind in precedence.REPLACEABLE
        if here and precedence.ends(coming, queued):
            _supersede(connection, queued, by=coming, at=at)
