"""Deployments: from being offered to their verdict. Every change is one transaction that may be repeated."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.approvals import precedence
from sealane.errors import Conflicting
from sealane.outbox.model import Kind
from sealane.records.model import (
    ApprovalRule,
    Behind,
    BrokenGlass,
    Deployment,
    DeploymentKind,
    DeploymentState,
    Formation,
    TimelineEntry,
)
from sealane.stencils.model import Revision
from sealane.store import apps, deployment_figures, formations, ids, outbox, releases, rows
from sealane.store.database import Database
from sealane.store.tables import deployments, failure_reports, steadiness
from sealane.verdicts.messages import causes
from sealane.verdicts.model import Verdict, VerdictKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of a deployment's story; the key keeps a repeated step from telling it twice."""

    key: str
    phase: str
    text: str
    detail: Mapping[str, Any] | None = None


_LOOKED_BACK = 50
"""Deployments of a formation that are looked at for what people scaled."""


class Deployments:
    """The tables of deployments, their timelines and failure reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offer(self, deployment: Deployment, revision: Revision) -> Deployment:
        """Stores a deployment with its revision. Key: its id; a second offer gives the first one's row.

        A sequence of 0 takes the app's next. Raises NotThere for an unknown app.
        """
        return await self._database.write(lambda c: offer(c, deployment, revision))

    async def get(self, deployment_id: str) -> Deployment:
        """The deployment. Raises NotThere."""
        return await self._database.read(lambda c: get(c, deployment_id))

    async def waiting(self, app: str | None = None) -> tuple[Deployment, ...]:
        """Deployments whose gates are not all open, oldest first; of one app or of all."""
        return await self._database.read(lambda c: in_state(c, DeploymentState.WAITING, app))

    async def history(self, app: str, formation: str, limit: int = 50) -> tuple[Deployment, ...]:
        """The formation's deployments, newest first."""
        return await self._database.read(lambda c: history(c, app, formation, limit))

    async def unqueued(self) -> tuple[Deployment, ...]:
        """Deployments whose gates are open but whose flow was never queued: somebody died in between."""
        query = sa.select(deployments).where(deployments.c.state == DeploymentState.QUEUED.value, ~deployments.c.queued)
        listed = await self._database.read(lambda c: rows.all_of(c, query.order_by(deployments.c.sequence)))
        return tuple(rows.deployment(row) for row in listed)

    async def open(self, deployment_id: str, *, revision_id: str, at: datetime) -> bool:
        """Opens the gate for that revision, once: True for the caller who did.

        What was let through to the formation before, is older and has not begun, is superseded: this goes instead.
        """

        def work(connection: sa.Connection) -> bool:
            closed = (deployments.c.state == DeploymentState.WAITING.value) & (deployments.c.id == deployment_id)
            opened = sa.update(deployments).where(closed, deployments.c.revision_id == revision_id)
            values = {"state": DeploymentState.QUEUED.value, "opened": at, "waiting_for": None}
            if not connection.execute(opened.values(values)).rowcount:
                return False
            opened_now = get(connection, deployment_id)
            _supersede_queued(connection, opened_now, at)
            outbox.deployment_event(connection, Kind.DEPLOYMENT_QUEUED, opened_now, at)
            return True

        return await self._database.write(work)

    async def shut(self, deployment_id: str, *, at: datetime) -> bool:
        """Shuts the gate of a deployment that has not begun, because something stands in its way again."""

        def work(connection: sa.Connection) -> bool:
            queued = (deployments.c.state == DeploymentState.QUEUED.value) & (deployments.c.id == deployment_id)
            values = {"state": DeploymentState.WAITING.value, "opened": None, "queued": False}
            if not connection.execute(sa.update(deployments).where(queued).values(values)).rowcount:
                return False
            outbox.deployment_event(connection, Kind.DEPLOYMENT_WAITING, get(connection, deployment_id), at)
            return True

        return await self._database.write(work)

    async def break_glass(self, deployment_id: str, glass: BrokenGlass) -> None:
        """Lets a waiting deployment begin though its window is shut. Raises Conflicting when it does not wait."""

        def work(connection: sa.Connection) -> None:
            deployment = get(connection, deployment_id)
            if deployment.state is not DeploymentState.WAITING:
                raise Conflicting(f"{deployment_id} does not wait any more: it is {deployment.state}")
            broken = sa.update(deployments).where(deployments.c.id == deployment_id)
            connection.execute(broken.values(glass=rows.plain(glass)))
            _tell_broken(connection, deployment, glass)

        await self._database.write(work)

    async def mark_queued(self, deployment_id: str, *, queued: bool = True) -> None:
        """Notes that the deployment's workflow is queued, or is to be queued once more."""
        update = sa.update(deployments).where(deployments.c.id == deployment_id).values(queued=queued)
        await self._database.write(lambda c: c.execute(update))

    async def timeline(self, deployment_id: str) -> tuple[TimelineEntry, ...]:
        """The deployment's timeline."""
        return await self._database.read(lambda c: story(c, deployment_id))

    async def begin(self, deployment_id: str, *, at: datetime, since: datetime | None = None) -> Deployment:
        """The flow begins; `since` is when its policies and limits began to be looked at once more. What `precedence` ends for what is there is superseded, for good.

        What begins after something that was asked for later takes a fresh number. Gives the deployment as it then is:
        rolling out, ended, or waiting when its gate was shut again meanwhile.
        """

        def work(connection: sa.Connection) -> Deployment:
            deployment = get(connection, deployment_id)
            if deployment.state is not DeploymentState.QUEUED:
                return deployment
            there = formations.lock(connection, deployment.app, deployment.formation)
            deployment = get(connection, deployment_id)
            if deployment.state is not DeploymentState.QUEUED:
                return deployment  # it was called off while this waited for the lock
            if there.current_id and precedence.ends(current := get(connection, there.current_id), deployment):
                _supersede(connection, deployment, by=current, at=at)
                return get(connection, deployment_id)
            if deployment.sequence < there.last_sequence and not deployment.kind.in_place:
                deployment = _renumber(connection, deployment, after=there.last_sequence, at=at)
            _start_there(connection, deployment, there, at)
            values = {"state": DeploymentState.ROLLING_OUT.value, "started": at, "phase": "begin", "waiting_for": None}
            values["unreached_since"] = None
            values["from_revision_id"] = _verified(connection, there.verified_id)
            connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
            begun = get(connection, deployment_id)
            outbox.deployment_moved(connection, Kind.DEPLOYMENT_STARTED, begun, at, since=since)
            return begun

        return await self._database.write(work)

    async def tell(
        self,
        deployment_id: str,
        *,
        at: datetime,
        line: Line | None = None,
        waiting_for: str | None = None,
        unreached_since: datetime | None = None,
    ) -> None:
        """Adds a line to the story, unless it is there, and sets what the deployment waits for."""

        def work(connection: sa.Connection) -> None:
            values: dict[str, Any] = {"waiting_for": waiting_for, "unreached_since": unreached_since}
            if line is not None:
                values["phase"] = line.phase
            connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
            if line is None or not add_line(connection, deployment_id, line, at):
                again = {"text": line.text if line else waiting_for}
                outbox.deployment_event(
                    connection, Kind.DEPLOYMENT_WAITING_FOR, get(connection, deployment_id), at, again
                )

        await self._database.write(work)

    async def revise(self, deployment_id: str, revision: Revision, *, note: str, at: datetime) -> None:
        """Gives the deployment another revision and closes its gate again: no word on the former one counts."""

        def work(connection: sa.Connection) -> None:
            releases.keep(connection, revision, at)
            former = get(connection, deployment_id)
            values: dict[str, Any] = {"revision_id": revision.id, "note": note, "queued": False, "agreed": []}
            values |= {"state": DeploymentState.WAITING.value}
            values["rules"] = rows.plain(tuple(dict.fromkeys((*former.rules, *former.agreed))))
            connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
            line = Line(key=f"revised {revision.id}", phase="approval", text=note)
            add_line(connection, deployment_id, line, at)
            revised = get(connection, deployment_id)
            data = {"revision": revision.id, "reason": note}
            outbox.deployment_event(connection, Kind.DEPLOYMENT_REVISED, revised, at, data)
            _say_asked(connection, revised, at)

        await self._database.write(work)

    async def demand(self, deployment_id: str, rules: tuple[ApprovalRule, ...], *, note: str, at: datetime) -> bool:
        """Asks more people about a deployment that was let through, and shuts its gate. False when it has begun."""

        def work(connection: sa.Connection) -> bool:
            queued = (deployments.c.state == DeploymentState.QUEUED.value) & (deployments.c.id == deployment_id)
            values = {"state": DeploymentState.WAITING.value, "opened": None, "queued": False, "unasked": False}
            values |= {"rules": rows.plain(rules), "note": note}
            if not connection.execute(sa.update(deployments).where(queued).values(values)).rowcount:
                return False
            add_line(connection, deployment_id, Line(key=f"demand {note}", phase="approval", text=note), at)
            demanded = get(connection, deployment_id)
            outbox.deployment_event(connection, Kind.DEPLOYMENT_WAITING, demanded, at, {"reason": note})
            _say_asked(connection, demanded, at)
            return True

        return await self._database.write(work)

    async def keep_failure_report(self, deployment_id: str, data: Mapping[str, Any], *, at: datetime) -> str:
        """Keeps the evidence and gives its id. Key: the deployment; the first one stays."""

        def work(connection: sa.Connection) -> str:
            deployment = get(connection, deployment_id)
            if deployment.failure_report_id:
                return deployment.failure_report_id
            failure_report_id = ids.new("x")
            row = {"id": failure_report_id, "deployment_id": deployment_id, "data": dict(data), "created": at}
            connection.execute(sa.insert(failure_reports).values(row))
            named = (
                sa.update(deployments)
                .where(deployments.c.id == deployment_id)
                .values(failure_report_id=failure_report_id)
            )
            connection.execute(named)
            return failure_report_id

        return await self._database.write(work)

    async def keep_second_failure_report(self, deployment_id: str, data: Mapping[str, Any], *, at: datetime) -> None:
        """Keeps the evidence of a way back that failed, too. Key: the deployment; the first one stays."""

        def work(connection: sa.Connection) -> None:
            if second_failure_report(connection, deployment_id) is None:
                row = {"id": ids.new("x"), "deployment_id": deployment_id, "data": dict(data), "created": at}
                connection.execute(sa.insert(failure_reports).values(row))

        await self._database.write(work)

    async def reject(self, deployment_id: str, *, reason: str, at: datetime) -> bool:
        """Ends a deployment that never started, as cancelled. False when it has started."""

        def work(connection: sa.Connection) -> bool:
            if get(connection, deployment_id).state is not DeploymentState.WAITING:
                return False
            finish(connection, deployment_id, Verdict(kind=VerdictKind.CANCELLED, reason=reason, at=at))
            return True

        return await self._database.write(work)


def offer(connection: sa.Connection, deployment: Deployment, revision: Revision) -> Deployment:
    """As `Deployments.offer`, in this transaction."""
    known = rows.one(connection, sa.select(deployments).where(deployments.c.id == deployment.id))
    if known:
        return rows.deployment(known)
    sequence = deployment.sequence or apps.next_sequence(connection, deployment.app)
    before = formations.meant_for(connection, deployment)
    releases.keep(connection, revision, deployment.created)
    place = releases.place(connection, deployment.release_id) or deployment.place or float(sequence)
    offered = replace(
        deployment,
        sequence=sequence,
        asked=deployment.asked or sequence,
        place=place,
        from_revision_id=_verified(connection, before.verified_id),
    )
    connection.execute(sa.insert(deployments).values(row(offered)))
    if offered.glass:
        _tell_broken(connection, offered, offered.glass)
    outbox.deployment_moved(connection, Kind.DEPLOYMENT_REQUESTED, offered, offered.created)
    _say_asked(connection, offered, offered.created)
    return offered


def judge_anew(connection: sa.Connection, deployment_id: str, verdict: Verdict) -> None:
    """Gives a deployment that has ended another verdict, in this transaction."""
    values = {"verdict": rows.plain(verdict), "verdict_kind": verdict.kind.value, "watched_until": None}
    connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
    line = Line(key=f"verdict {verdict.kind}", phase="verdict", text=verdict.reason)
    add_line(connection, deployment_id, line, verdict.at)
    deployment_figures.count_degraded(connection, deployment_id)
    outbox.deployment_moved(connection, Kind.DEPLOYMENT_ROLLED_BACK, get(connection, deployment_id), verdict.at)


def get(connection: sa.Connection, deployment_id: str) -> Deployment:
    """The deployment, in this transaction. Raises NotThere."""
    row = rows.one(connection, sa.select(deployments).where(deployments.c.id == deployment_id))
    return rows.deployment(rows.there(row, f"deployment {deployment_id}"))


def in_state(connection: sa.Connection, state: DeploymentState, app: str | None = None) -> tuple[Deployment, ...]:
    """Deployments in a state, oldest first, in this transaction."""
    query = sa.select(deployments).where(deployments.c.state == state.value)
    query = query if app is None else query.where(deployments.c.app == app)
    listed = rows.all_of(connection, query.order_by(deployments.c.created, deployments.c.sequence))
    return tuple(rows.deployment(row) for row in listed)


def history(connection: sa.Connection, app: str, formation: str, limit: int = 50) -> tuple[Deployment, ...]:
    """The formation's deployments, newest first, in this transaction."""
    query = sa.select(deployments).where(deployments.c.app == app, deployments.c.formation == formation)
    query = query.order_by(deployments.c.sequence.desc(), deployments.c.created.desc()).limit(limit)
    return tuple(rows.deployment(row) for row in rows.all_of(connection, query))


def story(connection: sa.Connection, deployment_id: str) -> tuple[TimelineEntry, ...]:
    """The deployment's timeline, in this transaction."""
    lines = outbox.lines(connection, deployment_id)
    return tuple(TimelineEntry(**{"detail": None, **line.data}, at=line.at) for line in lines)


def failure_report(connection: sa.Connection, deployment_id: str) -> Mapping[str, Any] | None:
    """The deployment's evidence, in this transaction."""
    query = sa.select(failure_reports.c.data).join(deployments, deployments.c.failure_report_id == failure_reports.c.id)
    value: Mapping[str, Any] | None = connection.execute(query.where(deployments.c.id == deployment_id)).scalar()
    return value


def second_failure_report(connection: sa.Connection, deployment_id: str) -> Mapping[str, Any] | None:
    """The evidence of its way back that failed, too, in this transaction: the one that the deployment does not name."""
    query = sa.select(failure_reports.c.data).join(deployments, deployments.c.id == failure_reports.c.deployment_id)
    query = query.where(deployments.c.id == deployment_id, deployments.c.failure_report_id != failure_reports.c.id)
    value: Mapping[str, Any] | None = connection.execute(query).scalar()
    return value


def add_line(connection: sa.Connection, deployment_id: str, line: Line, at: datetime) -> bool:
    """Adds a line to the story unless its key is there, in this transaction. False when it is."""
    if outbox.is_said(connection, deployment_id, line.key):
        return False
    data = {"phase": line.phase, "text": line.text, **({"detail": dict(line.detail)} if line.detail else {})}
    outbox.timeline_line(connection, get(connection, deployment_id), line.key, at, data)
    return True


def finish(connection: sa.Connection, deployment_id: str, verdict: Verdict) -> None:
    """Writes the verdict, in this transaction; what the guard saw until then is of no use any more."""
    values = {
        "state": DeploymentState.ENDED.value,
        "ended": verdict.at,
        "verdict": rows.plain(verdict),
        "verdict_kind": verdict.kind.value,
        "waiting_for": None,
        "unreached_since": None,
        "phase": "verdict",
    }
    connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
    connection.execute(sa.delete(steadiness).where(steadiness.c.deployment_id == deployment_id))
    line = Line(key="verdict", phase="verdict", text=verdict.reason, detail={"verdict": verdict.kind.value})
    add_line(connection, deployment_id, line, verdict.at)
    ended = get(connection, deployment_id)
    deployment_figures.keep(connection, ended)
    outbox.deployment_moved(connection, Kind.DEPLOYMENT_ENDED, ended, verdict.at)


def _supersede(connection: sa.Connection, deployment: Deployment, *, by: Deployment, at: datetime) -> None:
    reason = causes.closed(precedence.reason(by, deployment))
    finish(connection, deployment.id, Verdict(kind=VerdictKind.SUPERSEDED, reason=reason, at=at))


def _renumber(connection: sa.Connection, deployment: Deployment, *, after: int, at: datetime) -> Deployment:
    """A number above all that began before it: a formation's history is in the order of its numbers."""
    number = apps.next_sequence(connection, deployment.app)
    text = f"is #{number} now: it was asked for as #{deployment.sequence}, and #{after} began before it"
    connection.execute(sa.update(deployments).where(deployments.c.id == deployment.id).values(sequence=number))
    add_line(connection, deployment.id, Line(key=f"number {number}", phase="begin", text=text), at)
    return get(connection, deployment.id)


def _start_there(connection: sa.Connection, deployment: Deployment, there: Formation, at: datetime) -> None:
    """The formation is the deployment's now. Scaling brings no release, so what waits for the formation still may go."""
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
    """What people scaled since the last release came is as its stencils say again: nobody's doing goes without a word."""
    if there.current_id is None or not get(connection, there.current_id).kind.in_place:
        return
    before = (each for each in history(connection, there.app, there.formation, _LOOKED_BACK) if each.started)
    since = itertools.takewhile(lambda each: each.kind.in_place, before)
    scaled = (each for each in since if each.kind is DeploymentKind.SCALE)
    said = [f"{each.note} by {each.requested_by}" for each in scaled if each.verdict_kind is VerdictKind.DEPLOYED]
    if said:
        text = f"takes back what was scaled by hand: {', '.join(said)}"
        add_line(connection, deployment.id, Line(key="takes back", phase="begin", text=text), at)


def _moved(there: Formation, deployment: Deployment) -> dict[str, object]:
    """What the formation has at the destination it goes to, and what it leaves: an inventory is of one destination."""
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
    for waiting in in_state(connection, DeploymentState.WAITING, coming.app):
        if waiting.formation == coming.formation and precedence.ends(coming, waiting):
            _supersede(connection, waiting, by=coming, at=at)


def _supersede_queued(connection: sa.Connection, coming: Deployment, at: datetime) -> None:
    """Two pushes in quick succession: the older one is not deployed only to be replaced. Scaling brings no release."""
    if coming.kind.in_place:
        return
    formations.lock(connection, coming.app, coming.formation)
    for queued in in_state(connection, DeploymentState.QUEUED, coming.app):
        here = queued.formation == coming.formation and queued.kind in precedence.REPLACEABLE
        if here and precedence.ends(coming, queued):
            _supersede(connection, queued, by=coming, at=at)


def _tell_broken(connection: sa.Connection, deployment: Deployment, glass: BrokenGlass) -> None:
    said = f"{glass.by} broke the glass: {glass.reason}"
    add_line(connection, deployment.id, Line(key=said, phase="approval", text=said), glass.at)
    data = {"environment": deployment.environment, "reason": glass.reason}
    outbox.deployment_event(connection, Kind.GLASS_BROKEN, deployment, glass.at, data, actor=glass.by)


def _say_asked(connection: sa.Connection, deployment: Deployment, at: datetime) -> None:
    """Whose approval is asked for, where somebody's is."""
    if deployment.rules and not deployment.unasked:
        data = {"revision": deployment.revision_id, "rules": rows.plain(deployment.rules)}
        outbox.deployment_event(connection, Kind.APPROVAL_ASKED, deployment, at, data)


def _verified(connection: sa.Connection, deployment_id: str | None) -> str | None:
    return get(connection, deployment_id).revision_id if deployment_id else None


def row(deployment: Deployment) -> dict[str, Any]:
    """The deployment as a row."""
    row = rows.fields(deployment)
    row["kind"], row["state"] = deployment.kind.value, deployment.state.value
    row["rules"], row["after"] = rows.plain(deployment.rules), list(deployment.after)
    row["agreed"], row["authors"] = rows.plain(deployment.agreed), rows.plain(deployment.authors)
    row["pusher"] = rows.plain(deployment.pusher) if deployment.pusher else None
    row["verdict"] = rows.plain(deployment.verdict) if deployment.verdict else None
    row["glass"] = rows.plain(deployment.glass) if deployment.glass else None
    row["verdict_kind"] = deployment.verdict.kind.value if deployment.verdict else None
    return row
