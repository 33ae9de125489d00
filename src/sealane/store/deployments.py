"""Deployments, from their offer to their verdict. Every change is one transaction that may be repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.errors import Conflicting
from sealane.outbox.model import Kind
from sealane.records.deployments import ApprovalRule, BrokenGlass, Deployment, DeploymentState, TimelineEntry
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from sealane.store import apps, deployment_figures, event_writes, formations, outbox, releases, rows
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments, steadiness
from sealane.verdicts.model import Verdict, VerdictKind

_BY_ID = sa.select(deployments).where(deployments.c.id == sa.bindparam("deployment_id"))
_OLDEST_FIRST = (deployments.c.created, deployments.c.sequence)
_IN_STATE = sa.select(deployments).where(deployments.c.state == sa.bindparam("state")).order_by(*_OLDEST_FIRST)
_IN_STATE_OF_APP = _IN_STATE.where(deployments.c.app == sa.bindparam("app"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of a deployment's timeline; the key keeps a repeated step from adding it twice."""

    key: str
    phase: str
    text: str
    detail: Mapping[str, Any] | None = None


class Deployments:
    """The tables of deployments and their timelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offer(
        self,
        deployment: Deployment,
        revision: Revision,
        *,
        made: Release | None = None,
        beside: Callable[[Release], None] | None = None,
    ) -> Deployment:
        """Stores a deployment with its revision. Key: its id; a second offer returns the first one's row.

        `made` is its release if that may not be stored yet: it is stored with the first offer, and with no other one.
        `beside` is called for each other release of its deploy tag; what it raises is raised, and nothing is stored.
        A sequence of 0 means the app's next. Raises NotThere for an unknown app.
        """

        def work(connection: sa.Connection) -> Deployment:
            if made is not None and not _known(connection, deployment.id):
                releases.add(connection, made, sequence=0, run_id=None, beside=beside)
            return offer(connection, deployment, revision)

        return await self._database.write(work)

    async def get(self, deployment_id: str) -> Deployment:
        """The deployment. Raises NotThere."""
        return await self._database.read(lambda c: get(c, deployment_id))

    async def waiting(self, app: str | None = None) -> tuple[Deployment, ...]:
        """Deployments whose gates are not all open, oldest first; of one app or of all."""
        return await self._database.read(lambda c: in_state(c, DeploymentState.WAITING, app))

    async def history(self, app: str, formation: str, limit: int = 50) -> tuple[Deployment, ...]:
        """The formation's deployments, newest first."""
        return await self._database.read(lambda c: history(c, app, formation, limit))

    async def break_glass(self, deployment_id: str, glass: BrokenGlass) -> None:
        """Lets a waiting deployment begin although its window is shut. Raises Conflicting when it does not wait."""

        def work(connection: sa.Connection) -> None:
            deployment = get(connection, deployment_id)
            if deployment.state is not DeploymentState.WAITING:
                raise Conflicting(f"{deployment_id} does not wait any more: it is {deployment.state}")
            broken = sa.update(deployments).where(deployments.c.id == deployment_id)
            connection.execute(broken.values(glass=rows.plain(glass)))
            _tell_broken(connection, deployment, glass)

        await self._database.write(work)

    async def timeline(self, deployment_id: str) -> tuple[TimelineEntry, ...]:
        """The deployment's timeline."""
        return await self._database.read(lambda c: story(c, deployment_id))

    async def tell(
        self,
        deployment_id: str,
        *,
        at: datetime,
        line: Line | None = None,
        waiting_for: str | None = None,
        unreached_since: datetime | None = None,
    ) -> None:
        """Adds a line to the timeline, unless it is there, and sets what the deployment waits for."""

        def work(connection: sa.Connection) -> None:
            values: dict[str, Any] = {"waiting_for": waiting_for, "unreached_since": unreached_since}
            if line is not None:
                values["phase"] = line.phase
            connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
            if line is None or not add_line(connection, deployment_id, line, at):
                again = {"text": line.text if line else waiting_for}
                event_writes.deployment_event(
                    connection, Kind.DEPLOYMENT_WAITING_FOR, get(connection, deployment_id), at, again
                )

        await self._database.write(work)

    async def revise(
        self,
        deployment_id: str,
        revision: Revision,
        *,
        note: str,
        at: datetime,
        rules: tuple[ApprovalRule, ...] | None = None,
        remark: str | None = None,
    ) -> None:
        """Gives the deployment another revision and shuts its gate again: votes on the former one don't count.

        `note` says why; it is the deployment's note from now on unless there is another `remark`. `rules` are the
        approvals that it needs now; all that it ever needed when left out.
        """

        def work(connection: sa.Connection) -> None:
            former = get(connection, deployment_id)
            if former.state not in {DeploymentState.WAITING, DeploymentState.QUEUED}:
                return  # somebody called it off while the other revision was made
            releases.keep(connection, revision, at)
            values: dict[str, Any] = {"revision_id": revision.id, "queued": False, "agreed": []}
            values |= {"state": DeploymentState.WAITING.value, "note": remark or note}
            wanted = tuple(dict.fromkeys((*former.rules, *former.agreed))) if rules is None else rules
            values["rules"] = rows.plain(wanted)
            connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
            line = Line(key=f"revised {revision.id}", phase="approval", text=note)
            add_line(connection, deployment_id, line, at)
            revised = get(connection, deployment_id)
            data = {"revision": revision.id, "reason": note}
            event_writes.deployment_event(connection, Kind.DEPLOYMENT_REVISED, revised, at, data)
            _say_asked(connection, revised, at)

        await self._database.write(work)

    async def demand(self, deployment_id: str, rules: tuple[ApprovalRule, ...], *, note: str, at: datetime) -> bool:
        """Requires more approvals for a deployment that was let through, and shuts its gate. False when it has begun."""

        def work(connection: sa.Connection) -> bool:
            queued = (deployments.c.state == DeploymentState.QUEUED.value) & (deployments.c.id == deployment_id)
            values = {"state": DeploymentState.WAITING.value, "opened": None, "queued": False, "unasked": False}
            values |= {"rules": rows.plain(rules), "note": note}
            if not connection.execute(sa.update(deployments).where(queued).values(values)).rowcount:
                return False
            add_line(connection, deployment_id, Line(key=f"demand {note}", phase="approval", text=note), at)
            demanded = get(connection, deployment_id)
            event_writes.deployment_event(connection, Kind.DEPLOYMENT_WAITING, demanded, at, {"reason": note})
            _say_asked(connection, demanded, at)
            return True

        return await self._database.write(work)

    async def reject(self, deployment_id: str, *, reason: str, at: datetime) -> bool:
        """Ends a deployment that has not started, as cancelled. False when it has started."""

        def work(connection: sa.Connection) -> bool:
            if get(connection, deployment_id).state is not DeploymentState.WAITING:
                return False
            finish(connection, deployment_id, Verdict(kind=VerdictKind.CANCELLED, reason=reason, at=at))
            return True

        return await self._database.write(work)


def offer(connection: sa.Connection, deployment: Deployment, revision: Revision) -> Deployment:
    """As `Deployments.offer`, in this transaction."""
    if known := _known(connection, deployment.id):
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
        from_revision_id=revision_of(connection, before.verified_id),
    )
    connection.execute(sa.insert(deployments).values(row(offered)))
    if offered.glass:
        _tell_broken(connection, offered, offered.glass)
    event_writes.deployment_moved(connection, Kind.DEPLOYMENT_REQUESTED, offered, offered.created)
    _say_asked(connection, offered, offered.created)
    return offered


def _known(connection: sa.Connection, deployment_id: str) -> Any:
    return rows.one(connection, _BY_ID, deployment_id=deployment_id)


def judge_anew(connection: sa.Connection, deployment_id: str, verdict: Verdict) -> None:
    """Gives an ended deployment another verdict, in this transaction."""
    values = {"verdict": rows.plain(verdict), "verdict_kind": verdict.kind.value, "watched_until": None}
    connection.execute(sa.update(deployments).where(deployments.c.id == deployment_id).values(values))
    line = Line(key=f"verdict {verdict.kind}", phase="verdict", text=verdict.reason)
    add_line(connection, deployment_id, line, verdict.at)
    deployment_figures.count_degraded(connection, deployment_id)
    event_writes.deployment_moved(connection, Kind.DEPLOYMENT_ROLLED_BACK, get(connection, deployment_id), verdict.at)


def get(connection: sa.Connection, deployment_id: str) -> Deployment:
    """The deployment, in this transaction. Raises NotThere."""
    row = rows.one(connection, _BY_ID, deployment_id=deployment_id)
    return rows.deployment(rows.there(row, f"deployment {deployment_id}"))


def in_state(connection: sa.Connection, state: DeploymentState, app: str | None = None) -> tuple[Deployment, ...]:
    """Deployments in a state, oldest first, in this transaction."""
    if app is None:
        listed = rows.all_of(connection, _IN_STATE, state=state.value)
    else:
        listed = rows.all_of(connection, _IN_STATE_OF_APP, state=state.value, app=app)
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


def add_line(connection: sa.Connection, deployment_id: str, line: Line, at: datetime) -> bool:
    """Adds a line to the timeline unless its key is there, in this transaction. False when it is."""
    if outbox.is_said(connection, deployment_id, line.key):
        return False
    data = {"phase": line.phase, "text": line.text, **({"detail": dict(line.detail)} if line.detail else {})}
    event_writes.timeline_line(connection, get(connection, deployment_id), line.key, at, data)
    return True


def finish(connection: sa.Connection, deployment_id: str, verdict: Verdict) -> None:
    """Writes the verdict, in this transaction, and deletes what the stability check saw until then."""
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
    event_writes.deployment_moved(connection, Kind.DEPLOYMENT_ENDED, ended, verdict.at)


def _tell_broken(connection: sa.Connection, deployment: Deployment, glass: BrokenGlass) -> None:
    sentence = f"{glass.by} broke the glass: {glass.reason}"
    add_line(connection, deployment.id, Line(key=sentence, phase="approval", text=sentence), glass.at)
    data = {"environment": deployment.environment, "reason": glass.reason}
    event_writes.deployment_event(connection, Kind.GLASS_BROKEN, deployment, glass.at, data, actor=glass.by)


def _say_asked(connection: sa.Connection, deployment: Deployment, at: datetime) -> None:
    """Adds a line about whose approval is needed, if any."""
    if deployment.rules and not deployment.unasked:
        data = {"revision": deployment.revision_id, "rules": rows.plain(deployment.rules)}
        event_writes.deployment_event(connection, Kind.APPROVAL_ASKED, deployment, at, data)


def revision_of(connection: sa.Connection, deployment_id: str | None) -> str | None:
    """The deployment's revision, in this transaction."""
    return get(connection, deployment_id).revision_id if deployment_id else None


def row(deployment: Deployment) -> dict[str, Any]:
    """The deployment as a row."""
    row = rows.fields(deployment)
    row["kind"], row["state"] = deployment.kind.value, deployment.state.value
    row["rules"], row["after"] = rows.plain(deployment.rules), list(deployment.after)
    row["agreed"], row["authors"] = rows.plain(deployment.agreed), rows.plain(deployment.authors)
    row["waits"] = rows.plain(deployment.waits)
    row["pusher"] = rows.plain(deployment.pusher) if deployment.pusher else None
    row["verdict"] = rows.plain(deployment.verdict) if deployment.verdict else None
    row["glass"] = rows.plain(deployment.glass) if deployment.glass else None
    row["verdict_kind"] = deployment.verdict.kind.value if deployment.verdict else None
    return row
