"""Notices: one row per thing and target, with its content and how far it was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sealane import typed_data
from sealane.events.model import EventKind
from sealane.notices import retry, topics
from sealane.notices.batches import Due
from sealane.notices.model import Notice, Outgoing, TellState
from sealane.notices.port import Reference
from sealane.notices.recipients import Recipient
from sealane.pipelines.model import RunStatus
from sealane.pipelines.notices import NoticeRule
from sealane.records.runs import Run
from sealane.records.scopes import EVERYTHING, Scope
from sealane.store import ids, rows, scopes, upsert
from sealane.store.app_tables import releases
from sealane.store.database import Database
from sealane.store.notice_tables import notice_rules, notices
from sealane.store.run_tables import runs

_NOT_TOLD = {"app", "environment", "thing", "event", "holder", "until"}
_RULES = tuple[NoticeRule, ...]
_LOOKED_AT = 100
"""Runs of pull requests into a branch that are searched for the previous one."""
_ENDED_WELL_OR_NOT = (RunStatus.PASSED.value, RunStatus.FAILED.value, RunStatus.BROKEN.value)


class Notices:
    """The table of notices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, addressed: Iterable[tuple[Recipient, Notice]], *, at: datetime) -> None:
        """Adds the event to each recipient's notice. An event that was added before changes nothing."""
        listed = tuple(addressed)

        def work(connection: sa.Connection) -> None:
            for recipient, notice in listed:
                _put(connection, recipient, notice, at)

        await self._database.write(work)

    async def recipients_of(self, thing: str, targets: Collection[str]) -> tuple[Recipient, ...]:
        """Those of the targets that have a notice about the thing, sent or not."""
        query = sa.select(notices.c.target, notices.c.own).where(
            notices.c.target.in_(targets), notices.c.thing == thing
        )
        return tuple(Recipient(**row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def add_rules(self, run_id: str, rules: Sequence[NoticeRule]) -> None:
        """Keeps the rules of the run's commit. Key: the run."""
        values = {"rules": rows.plain(rules)}
        await self._database.write(lambda c: upsert.put(c, notice_rules, {"run_id": run_id}, values))

    async def rules_of(self, run_id: str | None, release_id: str | None) -> tuple[NoticeRule, ...]:
        """The rules of a run's commit, or of the commit of the run that made a release."""
        made = sa.select(releases.c.run_id).where(releases.c.id == release_id).scalar_subquery()
        query = sa.select(notice_rules.c.rules).where(notice_rules.c.run_id == (run_id or made))
        return typed_data.convert(await self._database.read(lambda c: c.execute(query).scalar()) or [], _RULES)

    async def due(self, holder: str, now: datetime, *, but: Collection[str] = (), most: int = 500) -> tuple[Due, ...]:
        """Notices that are due and that no other process is sending, except to these targets; longest wait first."""
        query = (
            sa.select(notices.c.id, notices.c.target, notices.c.told)
            .where(*_due(holder, now), notices.c.target.not_in(but))
            .order_by(notices.c.again)
            .limit(most)
        )
        unsent = await self._database.read(lambda c: rows.all_of(c, query))
        return tuple(Due(**row) for row in unsent)

    async def take(self, id_: str, holder: str, *, now: datetime, until: datetime) -> Outgoing | None:
        """Takes a notice for the holder to send until then; None when another process has it, or it is sent."""

        def work(connection: sa.Connection) -> Outgoing | None:
            taken = sa.update(notices).where(notices.c.id == id_, *_due(holder, now)).values(holder=holder, until=until)
            if not connection.execute(taken).rowcount:
                return None
            row = rows.one(connection, sa.select(notices).where(notices.c.id == id_))
            return _outgoing(row) if row else None

        return await self._database.write(work)

    async def sent(self, outgoing: Outgoing, holder: str, reference: Reference, *, at: datetime) -> None:
        """Notes that the target has it. Entries added meanwhile are still to be sent."""

        def work(connection: sa.Connection) -> None:
            row = rows.one(connection, sa.select(notices).where(_held(outgoing, holder)).with_for_update())
            if row is None:
                return
            more = row["version"] > outgoing.version
            values = {
                "told": outgoing.version,
                "told_event": outgoing.notice.entries[-1].event,
                "reference": dict(reference),
                "state": (TellState.UNSENT if more else TellState.SENT).value,
                "tries": 0,
                "since": None,
                "reason": None,
                "updated": at,
                "holder": None,
                "until": None,
            }
            connection.execute(sa.update(notices).where(notices.c.id == outgoing.id).values(values))

        await self._database.write(work)

    async def failed(
        self,
        outgoing: Outgoing,
        holder: str,
        reason: str,
        *,
        at: datetime,
        after: timedelta = timedelta(),
        for_good: bool = False,
    ) -> None:
        """Notes that it could not be sent: it is tried again for a day, not before `after`, and never if `for_good`."""
        since = outgoing.since or at
        over = for_good or retry.given_up(since, at)
        values = {
            "state": (TellState.GIVEN_UP if over else TellState.UNSENT).value,
            "tries": outgoing.tries + 1,
            "since": since,
            "again": at + max(retry.pause(outgoing.tries + 1), after),
            "reason": reason,
            "updated": at,
            "holder": None,
            "until": None,
        }
        await self._database.write(
            lambda c: c.execute(sa.update(notices).where(_held(outgoing, holder)).values(values))
        )

    async def listed(self, *, unsent: bool = False, limit: int = 50, scope: Scope = EVERYTHING) -> tuple[Outgoing, ...]:
        """Failed notices first, then the newest; `unsent`: only failed ones."""
        wrong = notices.c.since.is_not(None)
        here = scopes.chosen(scope, notices.c.app)
        where = notices.c.environment.is_(None) | scopes.chosen(scope, notices.c.app, notices.c.environment)
        query = sa.select(notices).where(here, where).order_by(wrong.desc(), notices.c.updated.desc()).limit(limit)
        query = query.where(wrong) if unsent else query
        return tuple(map(_outgoing, await self._database.read(lambda c: rows.all_of(c, query))))

    async def trim(self, before: datetime) -> None:
        """Deletes notices whose thing had no event since then."""
        old = sa.delete(notices).where(notices.c.updated < before, notices.c.state != TellState.UNSENT.value)
        await self._database.write(lambda c: c.execute(old))

    async def failed_before(self, run: Run) -> bool:
        """Whether the previous run of its branch or pull request failed, among those that passed or failed."""
        here = (runs.c.app == run.app) & (runs.c.branch == run.event.branch) & (runs.c.sequence < run.sequence)
        of_pull_request = run.event.kind is EventKind.PULL_REQUEST
        kind = EventKind.PULL_REQUEST.value
        alike = runs.c.kind == kind if of_pull_request else runs.c.kind != kind
        ended = runs.c.status.in_(_ENDED_WELL_OR_NOT)
        query = sa.select(runs.c.status, runs.c.event).where(here, alike, ended).order_by(runs.c.sequence.desc())
        most = _LOOKED_AT if of_pull_request else 1
        rows_before = await self._database.read(lambda c: rows.all_of(c, query.limit(most)))
        before = (row["status"] for row in rows_before if not of_pull_request or row["event"]["ref"] == run.event.ref)
        return next(before, RunStatus.PASSED.value) != RunStatus.PASSED.value


def _due(holder: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    free = notices.c.until.is_(None) | (notices.c.until <= now) | (notices.c.holder == holder)
    return (notices.c.state == TellState.UNSENT.value, notices.c.again <= now, free)


def _held(outgoing: Outgoing, holder: str) -> sa.ColumnElement[bool]:
    return (notices.c.id == outgoing.id) & (notices.c.holder == holder)


def _put(connection: sa.Connection, recipient: Recipient, notice: Notice, at: datetime) -> None:
    fresh = notice.entries[-1]
    same = (notices.c.target == recipient.target) & (notices.c.thing == notice.thing)
    newest = sa.select(notices).where(same).order_by(notices.c.created.desc()).limit(1).with_for_update()
    row = rows.one(connection, newest)
    if row is not None and row["event"] >= fresh.event:
        return
    before = _outgoing(row) if row else None
    if before is not None and not topics.goes_on(before.notice, fresh):
        before = None
    joined = topics.joined(before.notice if before else None, notice)
    values: dict[str, Any] = {
        "notice": rows.plain(joined),
        "event": fresh.event,
        "state": TellState.UNSENT.value,
        "updated": at,
    }
    if before is None:
        key = {"id": ids.derived("n", recipient.target, notice.thing, str(fresh.event))}
        whose = {"app": notice.app, "environment": notice.environment, "target": recipient.target}
        new = {"thing": notice.thing, "own": recipient.own, "version": 1, "reference": {}, "created": at, "again": at}
        connection.execute(sa.insert(notices).values({**key, **whose, **new, **values}))
        return
    given_up = {"since": None, "tries": 0} if before.state is TellState.GIVEN_UP else {}
    more = {"version": before.version + 1, "again": _again(before, joined, at), **given_up}
    connection.execute(sa.update(notices).where(notices.c.id == before.id).values({**values, **more}))


def _again(before: Outgoing, joined: Notice, at: datetime) -> datetime:
    """When to send it next: a failed notice keeps its pause, and a repeat does not delay what is still unsent."""
    if before.state is TellState.UNSENT and before.since:
        return before.again
    due = retry.due(joined.entries, at)
    return min(before.again, due) if before.state is TellState.UNSENT else due


def _outgoing(row: Mapping[str, Any]) -> Outgoing:
    values = {name: value for name, value in row.items() if name not in _NOT_TOLD}
    notice = typed_data.convert(row["notice"], Notice)
    return Outgoing(**{**values, "notice": notice, "state": TellState(row["state"])})
