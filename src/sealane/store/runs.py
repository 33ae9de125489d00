"""Runs and their steps, and the intake that makes each event at most one run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from sealane.events.model import Event, EventKind, Pusher, RefGone, Signed
from sealane.outbox.model import DomainEvent, Kind
from sealane.pipelines.model import Kind as StepKind
from sealane.pipelines.model import Plan, RunStatus, StepStatus
from sealane.records.model import Changed, Receipt, Run, RunStep
from sealane.records.views import ChangedView
from sealane.releases import lineage
from sealane.releases.lineage import Move, Order
from sealane.store import apps, ids, outbox, rows, run_figures, run_queue, tables
from sealane.store.database import Database
from sealane.store.tables import events, run_changes, run_steps, runs

_PUSHED = {EventKind.PUSH, EventKind.TAG, EventKind.PULL_REQUEST}
_SEARCHED = 200
"""Characters that lists are searched by: they stand in an index, whose rows PostgreSQL keeps short."""
MOST_PATHS = 5_000
"""Changed files of a run that are kept to be shown; all of them count for its conditions."""
_MOST_WORDS = 500
_SAID_OF_STEPS = ("status", "reason", "exit_code", "attempt")
"""Fields of a step that its events say."""
_GONE = "gone"
"""The kind of an event that says that a reference is no more."""


class Runs:
    """The tables of events, runs and steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(
        self,
        event: Event,
        *,
        source: str,
        requested_by: str | None = None,
        per_push: int | None = None,
        message: str | None = None,
        again: Run | None = None,
    ) -> Receipt:
        """Stores the event and its run, once; it takes the place of the run `again`, which is run once more.

        Of one push at most `per_push` are to be run; the others end at once.

        A copy is what the same sender delivered to the app under the same id; the same signed `message` under any id, since
        no signature covers that; and what moved the reference as its newest event did: further back nothing counts, because
        a branch may be where it was before. What a person asks for is a copy only while a run that
        runs the same one `again` has not begun. Raises NotThere for an unknown app.
        """

        def work(connection: sa.Connection) -> Receipt:
            sequence = apps.next_sequence(connection, event.app)  # first: it locks the app, so copies queue up
            moved = requested_by is None and event.kind in _PUSHED
            ref = (event.ref or event.branch or "") if moved else None
            known = (
                _delivered(connection, event.app, source, event.delivery)
                or _started(connection, event.app, message)
                or _waiting(connection, event.app, again)
            )
            if known is None and ref is not None:
                known = _newest_if_same(connection, event.app, ref, _sameness(event))
            if known:
                connection.execute(_give_back(event.app, sequence))
                return Receipt(run_id=known, duplicate=True)
            run_id = ids.new("r")
            too_many = moved and per_push is not None and run_queue.over(connection, event, per_push)
            if moved:
                run_queue.forget_left_out(connection, event)
            values = {
                "id": ids.new("e"),
                "app": event.app,
                "kind": event.kind.value,
                "source": source,
                "delivery": event.delivery,
                "ref": ref,
                "sameness": _sameness(event) if moved else again.id if again else None,
                "sequence": sequence,
                "run_id": run_id,
                "received": event.received,
                "message": message,
            }
            connection.execute(sa.insert(events).values(values))
            _insert(connection, run_id, sequence, event, requested_by, again.place if again else None)
            left_out = run_queue.leave_out(connection, run_id, event, per_push) if too_many and per_push else None
            if left_out:
                outbox.run_moved(connection, Kind.RUN_ENDED, get(connection, run_id), event.received)
            return Receipt(run_id=run_id, duplicate=False, left_out=left_out)

        return await self._database.write(work)

    async def forget(self, gone: RefGone, *, source: str, message: str | None = None) -> None:
        """Ends what is known of a reference. A copy, as `receive` tells, changes nothing. Raises NotThere."""

        def work(connection: sa.Connection) -> None:
            sequence = apps.next_sequence(connection, gone.app)  # it locks the app; the number is given back
            connection.execute(_give_back(gone.app, sequence))
            if _is_copy(connection, gone, source, message):
                return
            here = (events.c.app == gone.app) & (events.c.ref == gone.ref)
            connection.execute(sa.update(events).where(here).values(ref=None))
            values = {
                "id": ids.new("e"),
                "app": gone.app,
                "kind": _GONE,
                "source": source,
                "delivery": gone.delivery,
                "sequence": sequence - 1,
                "received": gone.received,
                "message": message,
            }
            connection.execute(sa.insert(events).values(values))

        await self._database.write(work)

    async def moves(self, app: str, *, besides: str) -> tuple[Move, ...]:
        """Where the app's newest runs moved something to, the newest first, besides that run."""
        return await self._database.read(lambda c: _moves(c, app, besides))

    async def put_in_line(self, run_id: str, order: Order, *, at: datetime) -> float:
        """Gives the run its place in the line of commits. Key: the run; repeating it changes nothing."""

        def work(connection: sa.Connection) -> float:
            run = get(connection, run_id)
            if run.requested_by is not None or order == Order():
                return run.place
            connection.execute(_give_back(run.app, apps.next_sequence(connection, run.app)))  # it locks the app
            place = lineage.place(run.sequence, order, _moves(connection, run.app, run_id))
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(place=place))
            outbox.run_event(connection, Kind.RUN_ORDERED, run_id, at, {"place": place})
            return place

        return await self._database.write(work)

    async def get(self, run_id: str) -> Run:
        """The run. Raises NotThere."""
        return await self._database.read(lambda c: get(c, run_id))

    async def plan(self, run_id: str) -> Plan | None:
        """What the run will do; None until it is planned."""
        query = sa.select(runs.c.plan).where(runs.c.id == run_id)
        data = await self._database.read(lambda c: c.execute(query).scalar())
        return msgspec.convert(data, Plan) if data else None

    async def changes(self, run_id: str) -> ChangedView | None:
        """What the run's event changed; None where nobody could tell. Raises NotThere."""

        def look(connection: sa.Connection) -> ChangedView | None:
            run = get(connection, run_id)
            kept = rows.one(connection, sa.select(run_changes).where(run_changes.c.run_id == run_id))
            if kept is None or run.changed is None:
                return None
            return ChangedView(base=kept["base"], count=run.changed, paths=tuple(kept["paths"]))

        return await self._database.read(look)

    async def steps(self, run_id: str) -> tuple[RunStep, ...]:
        """The run's steps as planned, in their order."""
        return await self._database.read(lambda c: steps(c, run_id))

    async def begin(self, run_id: str, *, at: datetime, deploy_tags: Iterable[str]) -> None:
        """The run's flow begins, under the first of the deploy tags that no other run of its app has.

        Keeps what a first try wrote.
        """

        def work(connection: sa.Connection) -> None:
            app = get(connection, run_id).app
            connection.execute(_give_back(app, apps.next_sequence(connection, app)))  # it locks the app
            deploy_tag = next(tag for tag in deploy_tags if not _tagged(connection, app, tag))
            values = {"started": at, "deploy_tag": deploy_tag, "status": RunStatus.RUNNING.value}
            fresh = sa.update(runs).where(runs.c.id == run_id, runs.c.started.is_(None), runs.c.ended.is_(None))
            if connection.execute(fresh.values(values)).rowcount:
                outbox.run_moved(connection, Kind.RUN_STARTED, get(connection, run_id), at)

        await self._database.write(work)

    async def planned(
        self,
        run_id: str,
        plan: Plan,
        findings: Iterable[Mapping[str, Any]],
        *,
        at: datetime,
        changed: Changed | None = None,
    ) -> None:
        """Stores the plan with its steps, warnings, and what the event changed. Repeating it changes nothing."""

        def work(connection: sa.Connection) -> None:
            values = {"plan": rows.plain(plan), "findings": list(findings)}
            if changed is not None:
                values["changed"] = len(changed.paths)
                _keep(connection, run_id, changed)
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(values))
            there = {step.key for step in steps(connection, run_id)}
            for position, step in enumerate(plan.steps):
                if step.key not in there:
                    status = StepStatus.SKIPPED if step.skip else StepStatus.WAITING
                    row = {
                        "run_id": run_id,
                        "key": step.key,
                        "position": position,
                        "kind": step.kind.value,
                        "name": step.name,
                        "needs": list(step.needs),
                        "status": status.value,
                        "reason": step.skip,
                    }
                    connection.execute(sa.insert(run_steps).values(row))
            outbox.run_event(connection, Kind.RUN_PLANNED, run_id, at, {"steps": [step.key for step in plan.steps]})

        await self._database.write(work)

    async def set_step(self, run_id: str, key: str, *, at: datetime, **values: Any) -> None:
        """Sets fields of a step: status, reason, exit_code, attempt, result, started, ended."""
        given = {name: value.value if isinstance(value, StepStatus) else value for name, value in values.items()}

        def work(connection: sa.Connection) -> None:
            chosen = (run_steps.c.run_id == run_id) & (run_steps.c.key == key)
            connection.execute(sa.update(run_steps).where(chosen).values(given))
            said = {name: given[name] for name in _SAID_OF_STEPS if given.get(name) is not None}
            kind, _, name = key.partition("/")
            formation = name if kind == StepKind.DELIVER.value else None
            outbox.run_event(connection, Kind.RUN_STEP, run_id, at, {"step": key, **said}, formation=formation)

        await self._database.write(work)

    async def end(
        self,
        run_id: str,
        *,
        at: datetime,
        status: RunStatus,
        reason: str | None = None,
        findings: Iterable[Mapping[str, Any]] | None = None,
    ) -> None:
        """The run came to its end. Repeating it keeps the first end."""

        def work(connection: sa.Connection) -> None:
            values: dict[str, Any] = {"ended": at, "status": status.value, "reason": reason}
            if findings is not None:
                values["findings"] = list(findings)
            first = sa.update(runs).where(runs.c.id == run_id, runs.c.ended.is_(None)).values(values)
            if connection.execute(first).rowcount:
                ended = get(connection, run_id)
                run_figures.keep(connection, ended)
                outbox.run_moved(connection, Kind.RUN_ENDED, ended, at)

        await self._database.write(work)

    async def ask_cancel(self, run_id: str, *, by: str, at: datetime) -> bool:
        """Notes that somebody wants the run to stop; one that has not begun ends at once.

        False when it has ended, or was cancelled before.
        """

        def work(connection: sa.Connection) -> bool:
            run = get(connection, run_id)
            begun = run.started is not None
            open_ones = sa.update(runs).where(
                runs.c.id == run_id, runs.c.ended.is_(None), runs.c.cancelled_by.is_(None)
            )
            done = bool(connection.execute(open_ones.values(cancelled_by=by)).rowcount)
            if done:
                cancel = DomainEvent(kind=Kind.RUN_CANCEL_REQUESTED, at=at, app=run.app, run=run_id, actor=by)
                outbox.append(connection, cancel)
            if done and not begun:
                values = {"ended": at, "status": RunStatus.CANCELLED.value, "reason": f"{by} cancelled it"}
                unbegun = sa.update(runs).where(runs.c.id == run_id, runs.c.started.is_(None))
                if connection.execute(unbegun.values(values)).rowcount:
                    outbox.run_moved(connection, Kind.RUN_ENDED, get(connection, run_id), at)
            return done

        return await self._database.write(work)


def get(connection: sa.Connection, run_id: str) -> Run:
    """The run, in this transaction. Raises NotThere."""
    return rows.run(rows.there(rows.one(connection, sa.select(runs).where(runs.c.id == run_id)), f"run {run_id}"))


def steps(connection: sa.Connection, run_id: str) -> tuple[RunStep, ...]:
    """The run's steps in their order, in this transaction."""
    query = sa.select(run_steps).where(run_steps.c.run_id == run_id).order_by(run_steps.c.position)
    return tuple(rows.run_step(row) for row in rows.all_of(connection, query))


def _moves(connection: sa.Connection, app: str, besides: str) -> tuple[Move, ...]:
    columns = (runs.c.id, runs.c.event, runs.c.place)
    known = sa.select(*columns).where(runs.c.app == app, runs.c.id != besides, runs.c.commit.is_not(None))
    listed = rows.all_of(connection, known.order_by(runs.c.sequence.desc()).limit(lineage.MOST))
    return tuple(
        Move(run=row["id"], before=row["event"].get("before"), after=row["event"]["commit"], place=row["place"])
        for row in listed
    )


def _keep(connection: sa.Connection, run_id: str, changed: Changed) -> None:
    values = {"run_id": run_id, "base": changed.base, "paths": list(changed.paths[:MOST_PATHS])}
    connection.execute(sa.delete(run_changes).where(run_changes.c.run_id == run_id))
    connection.execute(sa.insert(run_changes).values(values))


def _bounded(event: Event) -> Event:
    """The event as it is kept: its words cut to a line's length, and what changed apart."""
    author = event.author and event.author[:_MOST_WORDS]
    return replace(event, author=author, message=event.message[:_MOST_WORDS], paths=None)


def _insert(
    connection: sa.Connection,
    run_id: str,
    sequence: int,
    event: Event,
    requested_by: str | None,
    place: float | None,
) -> None:
    event = _bounded(event)
    values = {
        "id": run_id,
        "app": event.app,
        "sequence": sequence,
        "event": rows.plain(event),
        "kind": event.kind.value,
        "commit": event.commit,
        "branch": event.branch,
        "author": (event.author or "")[:_SEARCHED] or None,
        "message": event.message[:_SEARCHED],
        "status": RunStatus.WAITING.value,
        "requested_by": requested_by,
        "place": float(sequence) if place is None else place,
        "created": event.received,
    }
    connection.execute(sa.insert(runs).values(values))
    actor = requested_by or (_who_pushed(event, event.pusher) if event.pusher is not None else None)
    outbox.run_moved(connection, Kind.RUN_REQUESTED, get(connection, run_id), event.received, actor=actor)


def _who_pushed(event: Event, pusher: Pusher) -> str:
    """As far as that is known: never by what a commit says."""
    return {
        Signed.OWN: pusher.name,
        Signed.HOST: f"{pusher.name} at {pusher.host}",
        Signed.APP: f"the app token of {event.app}",
    }[pusher.signed]


def _tagged(connection: sa.Connection, app: str, deploy_tag: str) -> bool:
    taken = sa.select(runs.c.id).where(runs.c.app == app, runs.c.deploy_tag == deploy_tag)
    return connection.execute(taken.limit(1)).first() is not None


def _give_back(app: str, sequence: int) -> sa.Update:
    """A duplicate takes no number; the app's row has been locked since it was drawn."""
    return sa.update(tables.apps).where(tables.apps.c.name == app).values(last_sequence=sequence - 1)


def _delivered(connection: sa.Connection, app: str, source: str, delivery: str | None) -> str | None:
    """The run that the same message started. Hosts give all hooks of a repository one id, so it counts for each app."""
    if not delivery:
        return None
    same = (events.c.app == app) & (events.c.source == source) & (events.c.delivery == delivery)
    return connection.execute(sa.select(events.c.run_id).where(same)).scalar()


def _is_copy(connection: sa.Connection, gone: RefGone, source: str, message: str | None) -> bool:
    """Whether the word that a reference is gone came before."""
    same: list[sa.ColumnElement[bool]] = [sa.false()]
    same += [(events.c.source == source) & (events.c.delivery == gone.delivery)] if gone.delivery else []
    same += [events.c.message == message] if message else []
    known = sa.select(events.c.id).where(events.c.app == gone.app, sa.or_(*same))
    return connection.execute(known.limit(1)).first() is not None


def _started(connection: sa.Connection, app: str, message: str | None) -> str | None:
    """The run that the same signed message started, whoever sends it again and under which id."""
    if not message:
        return None
    same = (events.c.app == app) & (events.c.message == message)
    return connection.execute(sa.select(events.c.run_id).where(same)).scalar()


def _waiting(connection: sa.Connection, app: str, again: Run | None) -> str | None:
    """The run that runs that one once more, and has not begun."""
    if again is None:
        return None
    same = (events.c.app == app) & (events.c.sameness == again.id) & events.c.ref.is_(None)
    idle = runs.c.started.is_(None) & runs.c.ended.is_(None)
    query = sa.select(runs.c.id).select_from(events.join(runs, events.c.run_id == runs.c.id)).where(same, idle)
    return connection.execute(query.limit(1)).scalar()


def _newest_if_same(connection: sa.Connection, app: str, ref: str, sameness: str) -> str | None:
    """The run of the reference's newest event if that was the same move."""
    of_ref = sa.select(events.c.sameness, events.c.run_id).where(events.c.app == app, events.c.ref == ref)
    newest = connection.execute(of_ref.order_by(events.c.sequence.desc()).limit(1)).first()
    return newest.run_id if newest is not None and newest.sameness == sameness else None


def _sameness(event: Event) -> str:
    """What moved, from where to where."""
    parts = (event.app, event.kind.value, event.ref or event.branch or "", event.before or "", event.commit or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
