"""A process that is frozen within its transaction, by SIGSTOP, a paused machine or a cable, stops nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sealane.outbox.model import DomainEvent, Kind
from sealane.store import event_writes
from sealane.store.all_stores import Store
from sealane.store.database import Database, before_commit

from .samples import NOON


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_others_write_while_a_writer_is_frozen_and_it_writes_when_it_is_back(
    store: Store, database_url: str
) -> None:
    begun = await store.outbox.newest()
    frozen = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, database_url)
    try:
        async with asyncio.timeout(60):
            await asyncio.to_thread(os.waitid, os.P_PID, frozen.pid, os.WSTOPPED | os.WNOWAIT)
            await store.outbox.say(_event("meanwhile"))
        os.kill(frozen.pid, signal.SIGCONT)
        async with asyncio.timeout(60):
            assert await frozen.wait() == 0
    finally:
        if frozen.returncode is None:
            frozen.kill()
            await frozen.wait()
    assert [event.data["reason"] for event in await store.outbox.after(begun)] == ["meanwhile", "frozen"]


def _event(reason: str) -> DomainEvent:
    return DomainEvent(kind=Kind.INTAKE_FAILED, at=NOON, app="shop", data={"reason": reason})


def _freeze_once() -> None:
    """Says something, and is frozen before its transaction lands, with the lock of the outbox in its hand."""
    database = Database(sys.argv[1], idle_timeout=timedelta(seconds=1))
    frozen: list[bool] = []

    def freeze(_connection: sa.Connection, _items: list[None]) -> None:
        if not frozen:
            frozen.append(True)
            os.kill(os.getpid(), signal.SIGSTOP)

    def work(connection: sa.Connection) -> None:
        event_writes.append(connection, _event("frozen"))
        before_commit(connection, freeze, None)

    database.write_now(work)
    database.close()


if __name__ == "__main__":
    _freeze_once()
