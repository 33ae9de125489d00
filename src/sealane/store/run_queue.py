"""The queue of runs: which have a slot, which wait for one, and which were left out of a large push."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa

from sealane.events.model import Event, EventKind
from sealane.pipelines.fair_share import Queued
from sealane.pipelines.model import RunStatus
from sealane.records.runs import Run
from sealane.store import rows
from sealane.store.database import Database
from sealane.store.run_tables import events, runs
from sealane.store.worker_tables import workers

ONE_PUSH = timedelta(minutes=1)
"""Git hosts send a webhook for each branch of a push; those that come within this time count as one push."""
_ADMITTING = 0x5EA1A0E
"""The number of the PostgreSQL lock that one admission at a time holds."""

Choice = Callable[[Sequence[Queued], Mapping[str, int], int], tuple[str, ...]]
"""Chooses which waiting runs begin, given how many run per app, and how many workers are alive."""

_OPEN = (
    sa.select(runs.c.id, runs.c.app, runs.c.admitted)
    .where(runs.c.ended.is_(None))
    .order_by(runs.c.created, runs.c.sequence)
)
_UNQUEUED = sa.select(runs.c.id).where(runs.c.admitted, ~runs.c.queued, runs.c.ended.is_(None)).order_by(runs.c.created)
_GOING = sa.select(runs.c.id).where(runs.c.queued, runs.c.ended.is_(None))


class RunQueue:
    """Slots of runs, in the table of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def admit(self, choice: Choice) -> tuple[str, ...]:
        """Gives free slots to the chosen runs, and returns these. Two calls at once never give away the same slot."""

        def work(connection: sa.Connection) -> tuple[str, ...]:
            if not self._database.sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADMITTING)))
            open_runs = connection.execute(_OPEN).all()
            queue = [Queued(run=row.id, app=row.app) for row in open_runs if not row.admitted]
            if not queue:
                return ()
            chosen = choice(queue, Counter(row.app for row in open_runs if row.admitted), _alive(connection))
            if chosen:
                connection.execute(sa.update(runs).where(runs.c.id.in_(chosen)).values(admitted=True))
            return chosen

        return await self._database.write(work)

    async def unqueued(self) -> tuple[str, ...]:
        """Runs with a slot whose workflow was never queued, because a process died in between."""
        return await self._database.read(lambda c: tuple(c.execute(_UNQUEUED).scalars()))

    async def going(self) -> tuple[str, ...]:
        """Runs that have a slot."""
        return await self._database.read(lambda c: tuple(c.execute(_GOING).scalars()))

    async def mark_queued(self, run_id: str, *, queued: bool = True) -> None:
        """Notes that the run's workflow is queued, or is to be queued once more."""
        update = sa.update(runs).where(runs.c.id == run_id, runs.c.queued != queued).values(queued=queued)
        await self._database.write(lambda c: c.execute(update))

    async def left_out(self, app: str | None = None) -> tuple[Run, ...]:
        """Runs that were left out of a push and not requested since, oldest first."""
        query = sa.select(runs).where(runs.c.left_out)
        if app is not None:
            query = query.where(runs.c.app == app)
        ordered = query.order_by(runs.c.app, runs.c.sequence)
        return await self._database.read(lambda c: tuple(rows.run(row) for row in rows.all_of(c, ordered)))

    async def run_after_all(self, run_id: str) -> None:
        """Notes that a left-out run is carried out after all, as a new run."""
        await self._database.write(
            lambda c: c.execute(sa.update(runs).where(runs.c.id == run_id, runs.c.left_out).values(left_out=False))
        )


def over(connection: sa.Connection, event: Event, per_push: int) -> bool:
    """Whether the event is beyond its push's limit. The trunk never is, because deliveries come from it."""
    if event.branch is not None and event.branch == event.trunk and event.kind is EventKind.PUSH:
        return False
    pushed = (events.c.app == event.app) & events.c.ref.is_not(None) & (events.c.ref != _ref(event))
    began = (
        sa.select(sa.func.count())
        .select_from(events.join(runs, events.c.run_id == runs.c.id))
        .where(pushed, events.c.received > event.received - ONE_PUSH, ~runs.c.left_out)
    )
    return int(connection.execute(began).scalar() or 0) >= per_push


def leave_out(connection: sa.Connection, run_id: str, event: Event, per_push: int) -> str:
    """Ends a run before it began, with the reason."""
    reason = (
        f"not run: more than {per_push} branches and tags were pushed at once (SEALANE_RUNS__PER_PUSH); "
        f"`sealane rerun {run_id}` runs it"
    )
    ended = {"status": RunStatus.SKIPPED.value, "reason": reason, "ended": event.received, "left_out": True}
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(ended))
    return reason


def forget_left_out(connection: sa.Connection, event: Event) -> None:
    """Drops a left-out run when the same reference is pushed again."""
    of_ref = sa.select(events.c.run_id).where(events.c.app == event.app, events.c.ref == _ref(event))
    connection.execute(
        sa.update(runs).where(runs.c.app == event.app, runs.c.left_out, runs.c.id.in_(of_ref)).values(left_out=False)
    )


def _ref(event: Event) -> str:
    return event.ref or event.branch or ""


def _alive(connection: sa.Connection) -> int:
    alive = sa.select(sa.func.count()).select_from(workers).where(workers.c.dead.is_(None))
    return int(connection.execute(alive).scalar() or 0)
