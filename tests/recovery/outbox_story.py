"""The story of a run and a deployment on a database, told by one process after another, each killed one write later.

`python -m tests.recovery.outbox_story URL` prints how many were killed. Each has an app of its own.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.subscriptions import Subscription
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import ApprovalRule, Vote
from sealane.store import conclusion, outbox
from sealane.store.all_stores import Store
from sealane.verdicts.model import Cause, FactKind, Verdict, VerdictKind
from tests.contracts.store import samples
from tests.contracts.store.samples import NOON

_WRITES = ("INSERT", "UPDATE", "DELETE")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Countdown:
    """Ends the process at the boundary of a number: before a statement that writes, before and after a commit."""

    def __init__(self, at: int) -> None:
        self._left = at

    def on(self, engine: sa.Engine) -> None:
        @sa.event.listens_for(engine, "before_cursor_execute")
        def _statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith(_WRITES):
                self._next()

        @sa.event.listens_for(engine, "commit")
        def _commit(_: Any) -> None:
            self._next()

    def _next(self) -> None:
        self._left -= 1
        if self._left == 0:
            _die()


async def _story(url: str, number: int) -> None:
    """All that says something: the app, a run with its end, a deployment that is approved, fails and is held."""
    name = f"shop{number}"
    store = await Store.open(url, logs=Logs(Path(os.devnull)))
    _Countdown(number).on(store.database.engine)
    await store.apps.add(samples.app(name), by="ann")
    run = (await store.events.receive(samples.push("a", app_name=name), source="github")).run_id
    await store.runs.begin(run, at=NOON, deploy_tags=["t1"])
    await store.runs.end(run, at=NOON, status=RunStatus.PASSED)
    revision = replace(samples.revision(name), app=name)
    rules = (ApprovalRule(by=("sre",), count=1, source="approval"),)
    wanted = samples.deployment(number, app=name, revision_id=revision.id, rules=rules)
    subject = await store.deployments.offer(wanted, revision)
    vote = Vote(user="bob", groups=frozenset({"sre"}), approves=True, comment="", revision_id=revision.id, at=NOON)
    await store.votes.add(subject, vote)
    await store.deployment_queue.open(subject.id, revision_id=revision.id, at=NOON)
    await store.deployment_queue.begin(subject.id, at=NOON)
    cause = Cause(
        sentence="It ended.",
        object="Pod/web-1",
        container="web",
        workload="Deployment/web",
        reason=FactKind.ENDED,
        decisive=True,
        since=NOON,
    )
    failed = Verdict(kind=VerdictKind.FAILED, reason=cause.sentence, at=NOON, cause=cause)
    await conclusion.conclude(store.database, subject.id, failed)
    await store.holds.lift(name, "production", by="ann", reason="mended", at=NOON)


class Notices:
    """A subscriber that tells a file, and dies between that and noting it."""

    name = "notices"
    kinds = frozenset(Kind)

    def __init__(self, file: Path, dies_at: int) -> None:
        self._file = file
        self._left = dies_at

    async def act(self, event: DomainEvent) -> None:
        with self._file.open("a") as file:
            file.write(f"{event.id}\n")
        self._left -= 1
        if self._left == 0:
            _die()


async def _deliver(url: str, file: Path, holder: int) -> None:
    store = await Store.open(url, logs=Logs(Path(os.devnull)))
    now = NOON.replace(year=2027 + holder)  # the one before is known to be gone
    subscribed = Subscription(
        subscriber=Notices(file, dies_at=outbox.AT_ONCE // 20),
        cursors=store.outbox,
        holder=f"w-{holder}",
        now=lambda: now,
    )
    while await subscribed.deliver():
        pass


def _killed(work: Any) -> bool:
    """Whether a process that does the work was killed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(work)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, status
    return status != 0


def main(url: str, file: Path) -> None:
    """Prints how many processes were killed that wrote, and how many that acted."""
    told = next(number for number in itertools.count(1) if not _killed(_story(url, number)))
    acted = next(number for number in itertools.count(0) if not _killed(_deliver(url, file, number)))
    print(told - 1, acted)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
