"""The connection to the database: transactions off the event loop, on SQLite (WAL) or PostgreSQL.

Reads see one snapshot or the last commit; a write is one transaction that commits as a whole or not at all. On SQLite,
writers wait for each other from their first statement, so a write never fails half-way because the database is busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event, exc

from sealane.errors import Unavailable
from sealane.store import storable

T = TypeVar("T")

IDLE_TIMEOUT = timedelta(seconds=15)
"""How long a frozen or cut-off process keeps its locks while other writers wait for them."""
_TRY_AGAIN = frozenset({"40001", "40P01", "25P03"})
"""Serialization failure, deadlock, idle for too long in a transaction: PostgreSQL rolled it back as a whole."""

_WRITES = {"sealane_writes": True}
_BEFORE = "sealane_before_commit"
_AFTER = "sealane_after_commit"


class Database:
    """One database. Closed with `close`."""

    def __init__(self, url: str, *, connections: int = 8, idle_timeout: timedelta = IDLE_TIMEOUT) -> None:
        """`url` as in the settings, `sqlite:///path` or `postgresql://…`; `connections` is the most used at once.

        PostgreSQL ends a transaction that is idle for `idle_timeout`.
        """
        self.sqlite = url.startswith("sqlite:")
        options: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "json_serializer": storable.json_text}
        if self.sqlite:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(url, **options)
            _prepare_sqlite(self.engine)
        else:
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
            self.engine = sa.create_engine(url, **options, pool_pre_ping=True)
            _prepare_postgresql(self.engine, idle_timeout)
        event.listen(self.engine, "before_cursor_execute", storable.parameters, retval=True)
        self._readers = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="store-read")
        writers = 1 if self.sqlite else connections
        self._writers = ThreadPoolExecutor(max_workers=writers, thread_name_prefix="store-write")

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs the work in a read-only transaction. Raises Unavailable when the database doesn't answer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Runs the work in one transaction. The work may run again from its start, so it must change nothing else."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self.write_now, work)

    def read_now(self, work: Callable[[sa.Connection], T]) -> T:
        """As `read`, for callers without an event loop."""
        return self._do(work, {})

    def write_now(self, work: Callable[[sa.Connection], T]) -> T:
        """As `write`, for callers without an event loop."""
        try:
            return self._do(work, _WRITES)
        except (_Collided, exc.IntegrityError):  # a second try sees what the other writer made
            return self._do(work, _WRITES)

    def _do(self, work: Callable[[sa.Connection], T], options: dict[str, Any]) -> T:
        try:
            with self.engine.connect().execution_options(**options) as connection:
                before: dict[Callable[[sa.Connection, list[Any]], None], list[Any]] = {}
                after: list[Callable[[], None]] = []
                connection.info[_BEFORE], connection.info[_AFTER] = before, after
                with connection.begin():
                    done = work(connection)
                    for act_on, items in before.items():
                        act_on(connection, items)
                for act in after:
                    act()
                return done
        except exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) in _TRY_AGAIN:
                raise _Collided(f"the database ended the transaction: {error.orig}") from error
            raise Unavailable(f"the database does not answer: {error.orig}", hint="see SEALANE_DATABASE") from error
        except exc.DatabaseError as error:
            if getattr(error.orig, "sqlstate", None) in _TRY_AGAIN:
                raise _Collided(f"the database ended the transaction: {error.orig}") from error
            if getattr(error.orig, "sqlite_errorname", None) not in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
                raise
            hint = "restore a backup of it"
            raise Unavailable(f"the database's file is broken: {error.orig}", hint=hint) from error
        except exc.InterfaceError as error:
            raise Unavailable(f"the database does not answer: {error.orig}", hint="see SEALANE_DATABASE") from error

    def close(self) -> None:
        """Closes the connections once their work is done."""
        self._readers.shutdown()
        self._writers.shutdown()
        self.engine.dispose()


def before_commit(connection: sa.Connection, act: Callable[[sa.Connection, list[T]], None], item: T) -> None:
    """Calls `act` once at the end of this transaction, with all items given for it, in order."""
    connection.info[_BEFORE].setdefault(act, []).append(item)


def after_commit(connection: sa.Connection, act: Callable[[], None]) -> None:
    """Runs something after this transaction commits, not when it is rolled back. It must be quick and never fail."""
    connection.info[_AFTER].append(act)


class _Collided(Unavailable):
    """PostgreSQL ended a transaction that conflicted with another; it may be tried again."""


def _prepare_sqlite(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where the code says, not before the first INSERT
        connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows only ASCII
        connection.execute("PRAGMA busy_timeout = 30000")  # first, because the next one waits for locks, too
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _began(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("sealane_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(engine: sa.Engine, idle_timeout: timedelta) -> None:
    milliseconds = int(idle_timeout.total_seconds() * 1000)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = {milliseconds}")
        connection.commit()


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
