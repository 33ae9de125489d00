"""The server's log: a line for each thing that became true, once, and none for what was undone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.errors import Conflicting
from sealane.outbox.model import DomainEvent, Kind
from sealane.pipelines.model import RunStatus
from sealane.records.accounts import StoredSession
from sealane.records.deployments import DeploymentKind
from sealane.store import event_writes
from sealane.store.all_stores import Store
from sealane.verdicts.model import VerdictKind

from .samples import NOON, push
from .test_deployments import ended, offered

Lines = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def lines(store: Store) -> Iterator[Lines]:
    """What the log is told from here on."""
    told: Lines = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append((record.getMessage(), record.__dict__["sealane_fields"]))

    logger, hearing = logging.getLogger("sealane.events"), Hearing()
    logger.addHandler(hearing)
    before = logger.level
    logger.setLevel(logging.INFO)
    yield told
    logger.removeHandler(hearing)
    logger.setLevel(before)


def names(lines: Lines) -> list[str]:
    return [name for name, _ in lines if name != "audit"]


async def test_a_run_is_told_three_times_however_often_a_worker_repeats_itself(store: Store, lines: Lines) -> None:
    first = await store.events.receive(push("a", delivery="1"), source="github")
    assert (await store.events.receive(push("a", delivery="1"), source="github")).duplicate
    for _ in range(2):
        await store.runs.begin(first.run_id, at=NOON, deploy_tags=["t1", "t2"])
    for status in (RunStatus.FAILED, RunStatus.PASSED):
        later = NOON + timedelta(seconds=2.5)
        await store.runs.end(first.run_id, at=later, status=status, reason="the step test failed")
    assert names(lines) == ["run.requested", "run.started", "run.ended"]
    told = lines[-1][1]
    assert (told["run"], told["app"], told["status"], told["seconds"]) == (first.run_id, "shop", "failed", 2.5)
    assert told["reason"] == "the step test failed"


@pytest.mark.parametrize("kind", VerdictKind)
async def test_a_deployment_is_told_with_its_verdict(store: Store, lines: Lines, kind: VerdictKind) -> None:
    subject = await offered(store, 1, 1)
    await store.deployments.offer(subject, None)  # type: ignore[arg-type] - known by its id
    await ended(store, subject, kind)
    await ended(store, subject, kind)
    assert names(lines) == ["deployment.requested", "deployment.started", "deployment.ended"]
    told = lines[-1][1]
    assert (told["deployment"], told["formation"], told["verdict"]) == (subject.id, "production", kind.value)
    assert told["reason"]


async def test_what_is_superseded_or_rejected_is_told_too(store: Store, lines: Lines) -> None:
    """None of them had started."""
    older, newer = await offered(store, 1, 1), await offered(store, 2, 2)
    await store.deployment_queue.open(older.id, revision_id=older.revision_id, at=NOON)
    await store.deployment_queue.open(newer.id, revision_id=newer.revision_id, at=NOON)
    third = await offered(store, 3, 3, kind=DeploymentKind.MANUAL, requested_by="ann")
    await store.deployments.reject(third.id, reason="ann said no", at=NOON)
    verdicts = {told["deployment"]: told["verdict"] for name, told in lines if name == "deployment.ended"}
    assert verdicts == {older.id: "superseded", third.id: "cancelled"}
    assert next(told for name, told in lines if name == "audit")["actor"] == "ann"


async def test_sign_ins_are_told_without_what_signs_in(store: Store, lines: Lines) -> None:
    kept = StoredSession(id="hash-of-cookie", user="ann", csrf="form-token", expires=NOON)
    await store.people.add_session(kept, at=NOON)
    assert [told for name, told in lines if name == "sign_in"] == [{"user": "ann", "via": "session"}]


async def test_what_is_undone_is_not_told(store: Store, lines: Lines) -> None:
    def work(connection: sa.Connection) -> None:
        event_writes.append(connection, DomainEvent(kind=Kind.APP_REMOVED, at=NOON, app="shop", actor="ann"))
        raise Conflicting("something else was first")

    with pytest.raises(Conflicting):
        await store.database.write(work)
    await store.people.add_session(StoredSession(id="x", user="bob", csrf="y", expires=NOON), at=NOON)
    assert [name for name, _ in lines] == ["sign_in"]
