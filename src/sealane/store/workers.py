"""Workers: heartbeats, declared deaths, and the epochs that keep a dead one from writing.

Each formation has an epoch and a holder. A worker that works on it takes the epoch, which raises it. Declaring a worker dead
raises the epochs of everything it held, in the same transaction. A writer checks before every write that it still has the
current epoch.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from sealane.errors import Fenced
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import DeploymentState
from sealane.records.workers import WorkerRow
from sealane.store import event_writes, rows
from sealane.store import formations as formations_store
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments, formations
from sealane.store.worker_tables import workers

_REMEMBERED = timedelta(days=7)

_LIVES = sa.select(workers.c.id).where(workers.c.id == sa.bindparam("worker"), workers.c.dead.is_(None))
_BEAT = (
    sa.update(workers)
    .where(workers.c.id == sa.bindparam("worker"), workers.c.dead.is_(None))
    .values(beats=workers.c.beats + 1, beat=sa.bindparam("now"))
)
_ALL = sa.select(workers)
_EPOCH = sa.select(formations.c.epoch).where(
    formations.c.app == sa.bindparam("app"), formations.c.formation == sa.bindparam("formation")
)


class Workers:
    """The table of workers, and the epochs of formations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(self, worker: str, *, host: str, at: datetime) -> None:
        """Adds a worker; its id is never used again."""

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(workers).where(workers.c.dead < at - _REMEMBERED))
            connection.execute(sa.insert(workers).values(id=worker, host=host, started=at, beat=at))

        await self._database.write(work)

    async def beat(self, worker: str, *, at: datetime) -> bool:
        """Notes a heartbeat; False when others have declared the worker dead."""
        return await self._database.write(lambda c: bool(c.execute(_BEAT, {"worker": worker, "now": at}).rowcount))

    async def all(self) -> tuple[WorkerRow, ...]:
        """Every worker of the last days, living and dead."""
        listed = await self._database.read(lambda c: rows.all_of(c, _ALL))
        return tuple(WorkerRow(**row) for row in listed)

    async def declare_dead(self, worker: str, *, beats: int | None, by: str, at: datetime) -> bool:
        """Declares a worker dead and fences it off. `beats` is its last seen count: a higher one means that it lives.

        With None, declares it dead in any case. False when it lives, or was declared dead before.
        """

        def work(connection: sa.Connection) -> bool:
            still = [workers.c.id == worker, workers.c.dead.is_(None)]
            if beats is not None:
                still.append(workers.c.beats == beats)
            if not connection.execute(sa.update(workers).where(*still).values(dead=at)).rowcount:
                return False
            held = sa.update(formations).where(formations.c.holder == worker)
            connection.execute(held.values(epoch=formations.c.epoch + 1, holder=None))
            kind = Kind.WORKER_LEFT if by == worker else Kind.WORKER_DECLARED_DEAD
            event_writes.append(connection, DomainEvent(kind=kind, at=at, actor=by, subject=worker))
            return True

        return await self._database.write(work)

    async def take(self, app: str, formation: str, *, worker: str) -> int:
        """Takes the formation for this worker and returns its new epoch. Raises Fenced when the worker was declared dead."""

        def work(connection: sa.Connection) -> int:
            _check_alive(connection, worker)
            chosen = (formations.c.app == app) & (formations.c.formation == formation)
            raised = sa.update(formations).where(chosen).values(epoch=formations.c.epoch + 1, holder=worker)
            epoch = connection.execute(raised.returning(formations.c.epoch)).scalar()
            return int(rows.there(epoch, f"formation {app}/{formation}"))

        return await self._database.write(work)

    async def take_idle(self, app: str, formation: str, *, deployment: str, worker: str) -> int | None:
        """The same, if that deployment is still there and nothing is on its way; otherwise None."""

        def work(connection: sa.Connection) -> int | None:
            _check_alive(connection, worker)
            there = formations_store.lock(connection, app, formation)
            here = (deployments.c.app == app) & (deployments.c.formation == formation)
            going = sa.select(deployments.c.id).where(here, deployments.c.state == DeploymentState.ROLLING_OUT.value)
            if there.current_id != deployment or connection.execute(going).first():
                return None
            chosen = (formations.c.app == app) & (formations.c.formation == formation)
            raised = sa.update(formations).where(chosen).values(epoch=formations.c.epoch + 1, holder=worker)
            return connection.execute(raised.returning(formations.c.epoch)).scalar()

        return await self._database.write(work)

    async def check(self, app: str, formation: str, *, epoch: int, worker: str) -> None:
        """Raises Fenced unless the worker lives and the formation's epoch is the one it took."""

        def work(connection: sa.Connection) -> None:
            _check_alive(connection, worker)
            now = rows.scalar(connection, _EPOCH, app=app, formation=formation)
            if now != epoch:
                raise Fenced(f"{app}/{formation} was taken over: epoch {now}, not {epoch}")

        await self._database.read(work)


def _check_alive(connection: sa.Connection, worker: str) -> None:
    if rows.scalar(connection, _LIVES, worker=worker) is None:
        raise Fenced(f"worker {worker} was taken for dead and others took over its work")
