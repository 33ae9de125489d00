"""What pages and the API show: only reads, each in one transaction with few queries, however much is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from sealane.approvals.blockers import BlockerInput
from sealane.approvals.explanation import Explanation, ProgressView
from sealane.approvals.inbox import InboxItem
from sealane.blobs.logs import Logs
from sealane.errors import NotThere, Refused
from sealane.insights.model import Failures, Insights, Pipelines, Question, RankedTests, Waits
from sealane.outbox.model import DomainEvent
from sealane.pipelines.model import Kind
from sealane.records.accounts import EVERY_LINE, AuditFilter
from sealane.records.app_view import AppView, Comparison
from sealane.records.apps import App
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.eligibility import Ineligible
from sealane.records.filters import ALL, Filter, Places
from sealane.records.runs import Run
from sealane.records.scopes import EVERYTHING, Scope
from sealane.records.views import ApprovalView, DeploymentView, FormationRow, LastDays, LogPart, RunView
from sealane.releases.origin import Origin
from sealane.stencils.model import Revision
from sealane.store import (
    app_view,
    authorship,
    deployment_view,
    deployments,
    explanations,
    failure_insights,
    inbox,
    insights,
    junit_insights,
    last_days,
    lists,
    origins,
    overviews,
    pipeline_insights,
    rows,
    runs,
    scopes,
    seen,
)
from sealane.store.app_tables import apps as apps_table
from sealane.store.audit import Audit
from sealane.store.database import Database
from sealane.store.explanations import Prospects
from sealane.store.outbox import Outbox
from sealane.store.run_tables import events as events_table
from sealane.store.run_tables import runs as runs_table

__all__ = ["Explanation", "Views"]

T = TypeVar("T")

_LAST_LINES = 20
"""Lines of a failed step's log in an answer."""


class Views:
    """Everything that is shown and not changed."""

    def __init__(self, database: Database, logs: Logs, prospects: Prospects, scope: Scope = EVERYTHING) -> None:
        """Lists, overviews and results of runs show only apps and environments in `scope`."""
        self._database = database
        self._logs = logs
        self._prospects = prospects
        self._scope = scope

    def within(self, scope: Scope) -> Views:
        """The same views for some apps and environments only."""
        return Views(self._database, self._logs, self._prospects, scope)

    async def apps(self) -> tuple[App, ...]:
        """Every app, by name."""
        query = sa.select(apps_table).where(scopes.chosen(self._scope, apps_table.c.name)).order_by(apps_table.c.name)
        return tuple(rows.app(row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def overview(self) -> tuple[FormationRow, ...]:
        """Every formation with what is deployed, running and waiting, by app and formation."""
        production = self._prospects.production()
        return await self._database.read(lambda c: overviews.overview(c, production, self._scope))

    async def last_days(self, now: datetime, days: int) -> LastDays:
        """What was deployed and rolled back in the last days."""
        production = self._prospects.production()
        return await self._database.read(lambda c: last_days.of(c, now, days, production, self._scope))

    async def app(self, name: str) -> AppView:
        """One app with what runs in its formations, and its latest deployments. Raises NotThere."""
        production = self._prospects.production()
        return await self._database.read(lambda c: app_view.of(c, name, production, self._scope))

    async def compared(self, app: str, left: str, right: str) -> Comparison:
        """Compares two renderings for formations of an app: see `app_view.compared`. Raises NotThere."""
        production = self._prospects.production()
        return await self._database.read(lambda c: app_view.compared(c, app, left, right, production, self._scope))

    async def rendered(self, app: str, written: str) -> tuple[FormationRow, Revision]:
        """What is in a formation of an app, or was rendered for it: see `app_view.rendered`. Raises NotThere."""
        production = self._prospects.production()
        return await self._database.read(lambda c: app_view.rendered(c, app, written, production, self._scope))

    async def runs(self, only: Filter = ALL, *, limit: int = 50, before: str | None = None) -> tuple[Run, ...]:
        """Newest runs first; `before` is the id of the last run of the previous page."""
        return await self._database.read(lambda c: lists.list_runs(c, self._scope, only, limit, before))

    async def newest_runs(self) -> Mapping[str, Run]:
        """Each app's newest run."""
        return await self._database.read(lambda c: _newest_runs(c, self._scope))

    async def run(self, run_id: str) -> RunView:
        """A run with its steps, deployments and findings. Raises NotThere."""
        return await self._database.read(lambda c: explanations.view_run(c, run_id, self._prospects, self._scope))

    async def deployments(
        self, only: Filter = ALL, *, limit: int = 50, before: str | None = None
    ) -> tuple[Deployment, ...]:
        """Newest deployments first; `before` is the id of the last one of the previous page."""
        production = self._prospects.production()
        return await self._database.read(
            lambda c: lists.list_deployments(c, self._scope, only, limit, before, production)
        )

    async def insights(self, question: Question) -> Insights:
        """How well delivery goes."""
        return await self._asked(question, lambda c, known: insights.insights(c, question, known, self._scope))

    async def pipelines(self, question: Question) -> Pipelines:
        """How long runs and steps take, and how often they pass."""
        return await self._asked(question, lambda c, _: pipeline_insights.pipelines(c, question, self._scope))

    async def tests(self, question: Question) -> RankedTests:
        """The slowest, the flakiest and the most failing tests."""
        return await self._asked(question, lambda c, _: junit_insights.tests(c, question, self._scope))

    async def failures(self, question: Question) -> Failures:
        """Why changes failed, their outcomes, and when."""
        return await self._asked(question, lambda c, known: failure_insights.failures(c, question, known, self._scope))

    async def waits(self, question: Question) -> Waits:
        """Where the time from commit to production went."""
        return await self._asked(question, lambda c, known: failure_insights.waits(c, question, known, self._scope))

    async def _asked(self, question: Question, answer: Callable[[sa.Connection, frozenset[str]], T]) -> T:
        """Computes insights, given the production environments. Raises NotThere for an unknown name in the question."""
        production = self._prospects.production()

        def work(connection: sa.Connection) -> T:
            insights.check_names(connection, question, production, self._scope)
            return answer(connection, production)

        return await self._database.read(work)

    async def origins(self, shown: Iterable[Deployment]) -> Mapping[str, Origin]:
        """The origin of each deployment's release, by the deployment's id."""
        listed = tuple(shown)
        return await self._database.read(lambda c: origins.of(c, listed))

    async def places(self) -> Places:
        """What lists can be filtered by."""
        return await self._database.read(lambda c: lists.places(c, self._scope))

    async def deployment(self, deployment_id: str) -> DeploymentView:
        """A deployment with its timeline and evidence. Raises NotThere."""
        return await self._database.read(lambda c: deployment_view.of(c, deployment_id, self._prospects, self._scope))

    async def progress(self, deployment_id: str) -> ProgressView:
        """The progress of a deployment, for people who follow it. Raises NotThere."""
        return await self._database.read(lambda c: _progress(c, deployment_id, self._prospects))

    async def barred(self, deployment: Deployment) -> Ineligible:
        """Who may not approve a deployment. Raises Refused when the operators' file of people can't be read."""
        people, trouble = self._prospects.known()
        if trouble:
            raise Refused(trouble, hint="the server's operators fix it; until then nobody's approval counts")
        return await self._database.read(lambda c: authorship.barred(c, deployment, people))

    async def approvals_waiting(self) -> tuple[ApprovalView, ...]:
        """Deployments that wait for approval, oldest first."""
        views = await self._database.read(lambda c: _approvals_waiting(c, self._prospects))
        return tuple(view for view in views if self._scope.covers(view.deployment.app, view.deployment.environment))

    async def pending(self) -> tuple[InboxItem, ...]:
        """Everything that waits for a person: what can expire first, then what has waited longest."""
        items = await self._database.read(lambda c: inbox.everything(c, self._prospects))
        return tuple(item for item in items if self._scope.covers(item.deployment.app, item.deployment.environment))

    async def heads(self, app: str) -> Mapping[str, str]:
        """Each existing ref that was pushed, with the commit of its newest event."""
        return await self._database.read(lambda c: _heads(c, app))

    async def log(self, run_id: str, key: str, *, offset: int = 0, limit: int = 65536) -> LogPart:
        """A part of a step's log. Raises NotThere for an unknown run; a step without a log has an empty one."""
        ended = await self._database.read(lambda c: _log_ended(c, run_id, key, self._scope))
        data = await asyncio.to_thread(self._logs.read, run_id, key, offset=offset, limit=limit)
        return LogPart(data=data, next_offset=offset + len(data), ended=ended and len(data) < limit)

    async def log_size(self, run_id: str, key: str) -> int:
        """Bytes of a step's log; 0 when there is none. Raises NotThere for a plan that the scope does not cover."""
        if key.startswith(f"{Kind.PLAN}/"):
            await self._database.read(lambda c: _log_ended(c, run_id, key, self._scope))
        return await asyncio.to_thread(self._logs.size, run_id, key)

    async def why(self, subject: str) -> Explanation:
        """Why a run, a deployment or `app/formation` failed or does not proceed, with the evidence. Raises NotThere."""
        explanation = await self._database.read(lambda c: explanations.why(c, subject, self._prospects, self._scope))
        run = explanation.origin.run if explanation.origin else None
        if explanation.log is None or run is None:
            return explanation
        lines = await asyncio.to_thread(self._logs.last_lines, run, explanation.log.key, most=_LAST_LINES)
        return replace(explanation, log=replace(explanation.log, lines=lines))

    async def circumstances(self, deployment: Deployment) -> BlockerInput:
        """Everything that a waiting deployment depends on."""
        return await self._database.read(lambda c: explanations.circumstances(c, deployment, self._prospects))

    async def audit(
        self, only: AuditFilter = EVERY_LINE, *, limit: int = 100, before: int | None = None
    ) -> tuple[DomainEvent, ...]:
        """Who did what, newest first; `before` is the id of the last line of the previous page."""
        return await Audit(self._database).last(limit, before, only=only, scope=self._scope)

    async def events(
        self, after: int, *, limit: int, app: str | None = None, formation: str | None = None
    ) -> tuple[DomainEvent, ...]:
        """Events after a cursor, oldest first; of an app or a formation."""
        outbox = Outbox(self._database)
        return await outbox.after(after, limit=limit, app=app, formation=formation, scope=self._scope)

    async def audited(self) -> tuple[str, ...]:
        """All kinds of events in the audit, by name."""
        return await Audit(self._database).kinds(self._scope)


def _newest_runs(connection: sa.Connection, scope: Scope) -> dict[str, Run]:
    newest = sa.select(runs_table.c.app, sa.func.max(runs_table.c.sequence).label("sequence")).group_by(
        runs_table.c.app
    )
    last = newest.subquery()
    same = (runs_table.c.app == last.c.app) & (runs_table.c.sequence == last.c.sequence)
    listed = rows.all_of(
        connection, sa.select(runs_table).join(last, same).where(scopes.chosen(scope, runs_table.c.app))
    )
    return {run.app: run for run in lists.with_deliveries(connection, [rows.run(row) for row in listed], scope)}


def _log_ended(connection: sa.Connection, run_id: str, key: str, scope: Scope) -> bool:
    run = runs.get(connection, run_id)
    step = next((run_step for run_step in runs.steps(connection, run_id) if run_step.key == key), None)
    if step is not None and step.kind == Kind.PLAN and not explanations.may_read_plan(run, step, scope):
        raise NotThere(f"there is no log {key} of {run_id}")
    return run.ended is not None or (step is not None and step.ended is not None)


def _progress(connection: sa.Connection, deployment_id: str, prospects: Prospects) -> ProgressView:
    subject = deployments.get(connection, deployment_id)
    return ProgressView(
        deployment=subject,
        timeline=deployments.story(connection, deployment_id),
        observation=seen.observation(connection, deployment_id),
        waiting=explanations.of_deployment(connection, subject, prospects).waiting,
    )


def _approvals_waiting(connection: sa.Connection, prospects: Prospects) -> tuple[ApprovalView, ...]:
    return inbox.approvals(connection, deployments.in_state(connection, DeploymentState.WAITING), prospects)


def _heads(connection: sa.Connection, app: str) -> dict[str, str]:
    query = (
        sa.select(events_table.c.ref, runs_table.c.commit)
        .join(runs_table, events_table.c.run_id == runs_table.c.id)
        .where(events_table.c.app == app, events_table.c.ref.is_not(None))
        .order_by(events_table.c.sequence)
    )
    return {ref: commit for ref, commit in connection.execute(query) if commit}
