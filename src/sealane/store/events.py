"""Incoming events, pushed or requested: each is stored once, and makes at most one run."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from sealane.events.model import Event, EventKind, RefGone
from sealane.outbox.model import Kind
from sealane.records.runs import Receipt, Run
from sealane.store import apps, event_writes, ids, run_queue
from sealane.store import runs as stored_runs
from sealane.store.database import Database
from sealane.store.run_tables import events, runs

_PUSHED = {EventKind.PUSH, EventKind.TAG, EventKind.PULL_REQUEST}
_GONE = "gone"
"""The kind of event that says that a reference was deleted."""


class Events:
    """The table of events."""

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
        """Stores the event and its run, once. With `again`, its run repeats that one and takes its place.

        At most `per_push` runs of one push are carried out; the others end at once.

        An event is a copy when the same sender delivered it to the app with the same id, when it has the same signed `message`
        with any id (the signature does not cover it), or when it moves the reference like its newest event. Older events
        don't count, because a branch may return to where it was. A person's request is a copy only while an earlier repeat
        of the same run has not begun. Raises NotThere for an unknown app.
        """

        def work(connection: sa.Connection) -> Receipt:
            sequence = apps.next_sequence(connection, event.app)  # first: it locks the app, so copies wait
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
                apps.give_back(connection, event.app, sequence)
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
            stored_runs.insert(connection, run_id, sequence, event, requested_by, again.place if again else None)
            left_out = run_queue.leave_out(connection, run_id, event, per_push) if too_many and per_push else None
            if left_out:
                event_writes.run_moved(connection, Kind.RUN_ENDED, stored_runs.get(connection, run_id), event.received)
            return Receipt(run_id=run_id, duplicate=False, left_out=left_out)

        return await self._database.write(work)

    async def forget(self, gone: RefGone, *, source: str, message: str | None = None) -> None:
        """Notes that a reference was deleted. A copy, as in `receive`, changes nothing. Raises NotThere."""

        def work(connection: sa.Connection) -> None:
            sequence = apps.next_sequence(connection, gone.app)  # this locks the app; the number is given back
            apps.give_back(connection, gone.app, sequence)
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


def _delivered(connection: sa.Connection, app: str, source: str, delivery: str | None) -> str | None:
    """The run that the same delivery started. Hosts use one id for all hooks of a repository, so it counts per app."""
    if not delivery:
        return None
    same = (events.c.app == app) & (events.c.source == source) & (events.c.delivery == delivery)
    return connection.execute(sa.select(events.c.run_id).where(same)).scalar()


def _is_copy(connection: sa.Connection, gone: RefGone, source: str, message: str | None) -> bool:
    """Whether the deletion of the reference was reported before."""
    same: list[sa.ColumnElement[bool]] = [sa.false()]
    same += [(events.c.source == source) & (events.c.delivery == gone.delivery)] if gone.delivery else []
    same += [events.c.message == message] if message else []
    known = sa.select(events.c.id).where(events.c.app == gone.app, sa.or_(*same))
    return connection.execute(known.limit(1)).first() is not None


def _started(connection: sa.Connection, app: str, message: str | None) -> str | None:
    """The run that the same signed message started, whoever sends it again and with whatever id."""
    if not message:
        return None
    same = (events.c.app == app) & (events.c.message == message)
    return connection.execute(sa.select(events.c.run_id).where(same)).scalar()


def _waiting(connection: sa.Connection, app: str, again: Run | None) -> str | None:
    """The run that repeats that one and has not begun."""
    if again is None:
        return None
    same = (events.c.app == app) & (events.c.sameness == again.id) & events.c.ref.is_(None)
    idle = runs.c.started.is_(None) & runs.c.ended.is_(None)
    query = sa.select(runs.c.id).select_from(events.join(runs, events.c.run_id == runs.c.id)).where(same, idle)
    return connection.execute(query.limit(1)).scalar()


def _newest_if_same(connection: sa.Connection, app: str, ref: str, sameness: str) -> str | None:
    """The run of the reference's newest event, if that event made the same move."""
    of_ref = sa.select(events.c.sameness, events.c.run_id).where(events.c.app == app, events.c.ref == ref)
    newest = connection.execute(of_ref.order_by(events.c.sequence.desc()).limit(1)).first()
    return newest.run_id if newest is not None and newest.sameness == sameness else None


def _sameness(event: Event) -> str:
    """What identifies a move: the reference, from where, to where."""
    parts = (event.app, event.kind.value, event.ref or event.branch or "", event.before or "", event.commit or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
