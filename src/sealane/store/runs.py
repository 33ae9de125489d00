"""Runs and their steps, from receipt to end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane import typed_data
from sealane.events.model import Event, Pusher, Signed
from sealane.outbox.model import DomainEvent, Kind
from sealane.pipelines.model import Kind as StepKind
from sealane.pipelines.model import Plan, RunStatus, StepStatus
from sealane.records.runs import Changed, Run, RunStep
from sealane.records.views import ChangedView
from sealane.releases import lineage
from sealane.releases.lineage import Move, Order
from sealane.store import apps, event_writes, rows, run_figures
from sealane.store.database import Database
from sealane.store.run_tables import run_changes, run_steps, runs

_SEARCHED = 200
"""Characters of a searched text that count: they are in an index, whose rows must be short in PostgreSQL."""
MOST_PATHS = 5_000
"""Changed files of a run that are kept for display; its conditions use all of them."""
_MOST_WORDS = 500
_OF_FORMATIONS = {StepKind.DELIVER.value, StepKind.PLAN.value}
_SAID_OF_STEPS = ("status", "reason", "exit_code", "attempt")
"""Fields of a step that its events include."""


_BY_ID = sa.select(runs).where(runs.c.id == sa.bindparam("run_id"))
_STEPS = sa.select(run_steps).where(run_steps.c.run_id == sa.bindparam("run")).order_by(run_steps.c.position)


class Runs:
    """The tables of runs and steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def moves(self, app: str, *, besides: str) -> tuple[Move, ...]:
        """The targets of the newest moves by the app's runs, newest first, without that run."""
        return await self._database.read(lambda c: _moves(c, app, besides))

    async def put_in_line(self, run_id: str, order: Order, *, at: datetime) -> float:
        """Gives the run its place in the line of commits. Key: the run; repeating it changes nothing."""

        def work(connection: sa.Connection) -> float:
            run = get(connection, run_id)
            if run.requested_by is not None or order == Order():
                return run.place
            apps.give_back(connection, run.app, apps.next_sequence(connection, run.app))  # this locks the app
            place = lineage.place(run.sequence, order, _moves(connection, run.app, run_id))
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(place=place))
            event_writes.run_event(connection, Kind.RUN_ORDERED, run_id, at, {"place": place})
            return place

        return await self._database.write(work)

    async def get(self, run_id: str) -> Run:
        """The run. Raises NotThere."""
        return await self._database.read(lambda c: get(c, run_id))

    async def plan(self, run_id: str) -> Plan | None:
        """What the run will do; None until it is planned."""
        query = sa.select(runs.c.plan).where(runs.c.id == run_id)
        data = await self._database.read(lambda c: c.execute(query).scalar())
        return typed_data.convert(data, Plan) if data else None

    async def changes(self, run_id: str) -> ChangedView | None:
        """The files that the run's event changed; None if unknown. Raises NotThere."""

        def look(connection: sa.Connection) -> ChangedView | None:
            run = get(connection, run_id)
            stored = rows.one(connection, sa.select(run_changes).where(run_changes.c.run_id == run_id))
            if stored is None or run.changed is None:
                return None
            return ChangedView(base=stored["base"], count=run.changed, paths=tuple(stored["paths"]))

        return await self._database.read(look)

    async def steps(self, run_id: str) -> tuple[RunStep, ...]:
        """The run's steps as planned, in their order."""
        return await self._database.read(lambda c: steps(c, run_id))

    async def begin(self, run_id: str, *, at: datetime, deploy_tags: Iterable[str]) -> None:
        """Begins the run, with the first of the deploy tags that no other run of its app has.

        When repeated, keeps what the first try wrote.
        """

        def work(connection: sa.Connection) -> None:
            app = get(connection, run_id).app
            apps.give_back(connection, app, apps.next_sequence(connection, app))  # this locks the app
            deploy_tag = next(tag for tag in deploy_tags if not _tagged(connection, app, tag))
            values = {"started": at, "deploy_tag": deploy_tag, "status": RunStatus.RUNNING.value}
            fresh = sa.update(runs).where(runs.c.id == run_id, runs.c.started.is_(None), runs.c.ended.is_(None))
            if connection.execute(fresh.values(values)).rowcount:
                event_writes.run_moved(connection, Kind.RUN_STARTED, get(connection, run_id), at)

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
            event_writes.run_event(
                connection, Kind.RUN_PLANNED, run_id, at, {"steps": [step.key for step in plan.steps]}
            )

        await self._database.write(work)

    async def set_step(self, run_id: str, key: str, *, at: datetime, **values: Any) -> None:
        """Sets fields of a step: status, reason, exit_code, attempt, result, started, ended."""
        given = {name: value.value if isinstance(value, StepStatus) else value for name, value in values.items()}

        def work(connection: sa.Connection) -> None:
            chosen = (run_steps.c.run_id == run_id) & (run_steps.c.key == key)
            connection.execute(sa.update(run_steps).where(chosen).values(given))
            data = {name: given[name] for name in _SAID_OF_STEPS if given.get(name) is not None}
            kind, _, name = key.partition("/")
            formation = name if kind in _OF_FORMATIONS else None
            event_writes.run_event(connection, Kind.RUN_STEP, run_id, at, {"step": key, **data}, formation=formation)

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
        """Ends the run. Repeating it keeps the first end."""

        def work(connection: sa.Connection) -> None:
            values: dict[str, Any] = {"ended": at, "status": status.value, "reason": reason}
            if findings is not None:
                values["findings"] = list(findings)
            first = sa.update(runs).where(runs.c.id == run_id, runs.c.ended.is_(None)).values(values)
            if connection.execute(first).rowcount:
                ended = get(connection, run_id)
                run_figures.keep(connection, ended)
                event_writes.run_moved(connection, Kind.RUN_ENDED, ended, at)

        await self._database.write(work)

    async def ask_cancel(self, run_id: str, *, by: str, at: datetime) -> bool:
        """Asks the run to stop; one that has not begun ends at once.

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
                event_writes.append(connection, cancel)
            if done and not begun:
                values = {"ended": at, "status": RunStatus.CANCELLED.value, "reason": f"{by} cancelled it"}
                unbegun = sa.update(runs).where(runs.c.id == run_id, runs.c.started.is_(None))
                if connection.execute(unbegun.values(values)).rowcount:
                    event_writes.run_moved(connection, Kind.RUN_ENDED, get(connection, run_id), at)
            return done

        return await self._database.write(work)


def get(connection: sa.Connection, run_id: str) -> Run:
    """The run, in this transaction. Raises NotThere."""
    return rows.run(rows.there(rows.one(connection, _BY_ID, run_id=run_id), f"run {run_id}"))


def steps(connection: sa.Connection, run_id: str) -> tuple[RunStep, ...]:
    """The run's steps in their order, in this transaction."""
    return tuple(rows.run_step(row) for row in rows.all_of(connection, _STEPS, run=run_id))


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
    """The event as stored: texts are cut to a line's length, and changed files are left out."""
    author = event.author and event.author[:_MOST_WORDS]
    return replace(event, author=author, message=event.message[:_MOST_WORDS], paths=None)


def insert(
    connection: sa.Connection,
    run_id: str,
    sequence: int,
    event: Event,
    requested_by: str | None,
    place: float | None,
) -> None:
    """Stores the run of an event, in this transaction."""
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
    event_writes.run_moved(connection, Kind.RUN_REQUESTED, get(connection, run_id), event.received, actor=actor)


def _who_pushed(event: Event, pusher: Pusher) -> str:
    """Who pushed, if known; never taken from the commit."""
    return {
        Signed.OWN: pusher.name,
        Signed.HOST: f"{pusher.name} at {pusher.host}",
        Signed.APP: f"the app token of {event.app}",
    }[pusher.signed]


def _tagged(connection: sa.Connection, app: str, deploy_tag: str) -> bool:
    taken = sa.select(runs.c.id).where(runs.c.app == app, runs.c.deploy_tag == deploy_tag)
    return connection.execute(taken.limit(1)).first() is not None
