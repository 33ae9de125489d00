"""Gathers the facts that `approvals.blockers` and `approvals.run_blockers` explain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from sealane import clock, typed_data
from sealane.approvals import blockers, run_blockers
from sealane.approvals.blockers import BlockerInput, DeploymentFacts
from sealane.approvals.explanation import Explanation
from sealane.approvals.run_blockers import WorkerLoad
from sealane.environments import app_access, windows
from sealane.environments.app_access import AppAccess
from sealane.environments.people import People
from sealane.environments.windows import WindowStatus
from sealane.errors import SealaneError
from sealane.findings import Finding
from sealane.pipelines import fair_share
from sealane.pipelines.model import Kind
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.runs import Run, RunStep
from sealane.records.scopes import Scope
from sealane.records.views import RunView
from sealane.releases import deliveries
from sealane.releases.deliveries import Delivery
from sealane.stencils.model import Revision
from sealane.store import (
    apps,
    authorship,
    deployments,
    failure_reports,
    formations,
    gates,
    group_reports,
    holds,
    origins,
    overviews,
    release_groups,
    releases,
    reports,
    rows,
    run_services,
    runs,
    scopes,
    votes,
    watches,
)
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.run_tables import runs as runs_table
from sealane.store.worker_tables import workers as workers_table
from sealane.verdicts.model import VerdictKind

_FINDINGS = sa.select(runs_table.c.findings).where(runs_table.c.id == sa.bindparam("run"))
_OF_RUN = (
    sa.select(deployments_table)
    .where(deployments_table.c.run_id == sa.bindparam("run"))
    .order_by(deployments_table.c.created)
)
_ALIVE = sa.select(sa.func.count()).select_from(workers_table).where(workers_table.c.dead.is_(None))
_ROLLBACKS_ON_THEIR_WAY = (
    sa.select(deployments_table)
    .where(
        deployments_table.c.app == sa.bindparam("app"),
        deployments_table.c.formation == sa.bindparam("formation"),
        deployments_table.c.state.in_((DeploymentState.QUEUED.value, DeploymentState.ROLLING_OUT.value)),
        deployments_table.c.kind == DeploymentKind.ROLLBACK.value,
    )
    .order_by(deployments_table.c.sequence)
)


def _open(_: Deployment) -> WindowStatus:
    """The default: no windows."""
    return windows.OPEN


def _allowed(_: Deployment, __: Revision) -> str:
    """The default: no limits."""
    return ""


Refusals = Callable[[Deployment, Revision], str]
"""Why the operators' files would refuse the deployment if it began now; empty if they would not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospects:
    """Facts for answers that are not in the tables."""

    outlook: Callable[[Deployment], WindowStatus] = _open
    """Whether the operators' windows let the deployment begin now."""
    production: Callable[[], frozenset[str]] = frozenset
    """The environments that the operators call production."""
    people: Callable[[], People] = People
    """People, as in the operators' file. Raises SealaneError when it can't be read."""
    refusals: Callable[[], Refusals] = lambda: _allowed
    """Makes a function that says why deployments would be refused now; it reads the files once, so make it per round."""
    room: int = 1
    """Runs that one worker carries out at once."""
    per_app: int | None = None
    """Most of these for one app; None: all but one."""

    access: Callable[[], AppAccess] = lambda: app_access.DEFAULTS
    """The rights in the operators' file."""

    def known(self) -> tuple[People, str]:
        """People, or why they can't be read."""
        try:
            return self.people(), ""
        except SealaneError as error:
            return People(), f"the operators' file of people can't be read: {error.message}"


def why(connection: sa.Connection, what: str, prospects: Prospects, scope: Scope) -> Explanation:
    """Why a run, a deployment, `app/formation` or an app's newest run failed or does not proceed. Raises NotThere."""
    if what.startswith("r-"):
        view = view_run(connection, what, prospects, scope)
        explanation = run_blockers.run(view, _crowd(connection, what, prospects))
        return replace(explanation, origin=origins.of_run(view.run), page=f"/runs/{what}", groups=view.groups)
    if what.startswith("d-"):
        return _told(connection, deployments.get(connection, what), prospects, scope)
    app, slash, formation = what.partition("/")
    if not slash:
        return _app(connection, app, prospects, scope)
    row = next(
        (
            formation_row
            for formation_row in overviews.overview(connection, prospects.production())
            if (formation_row.app, formation_row.formation) == (app, formation)
        ),
        None,
    )
    if row is None:
        formations.get(connection, app, formation)
    subject = blockers.formation(row) if row else None
    if subject is None:
        return Explanation(sentence=f"nothing was ever started on {what}", hint=f"sealane deploy {what}")
    return _told(connection, subject, prospects, scope)


def _app(connection: sa.Connection, app: str, prospects: Prospects, scope: Scope) -> Explanation:
    """The explanation of the app's newest run."""
    apps.get(connection, app)
    table = runs_table.c
    newest = sa.select(table.id).where(table.app == app).order_by(table.sequence.desc()).limit(1)
    run_id = connection.execute(newest).scalar()
    return (
        why(connection, run_id, prospects, scope)
        if run_id
        else Explanation(sentence=f"nothing of {app} was pushed yet", hint="git push")
    )


def view_run(connection: sa.Connection, run_id: str, prospects: Prospects, scope: Scope) -> RunView:
    """A run with all its results in the scope, in this transaction. Raises NotThere."""
    run = runs.get(connection, run_id)
    findings = rows.scalar(connection, _FINDINGS, run=run_id)
    in_scope = scopes.parts(scope, deployments_table.c.app, deployments_table.c.environment)
    query = _OF_RUN.where(*in_scope) if in_scope else _OF_RUN
    requested = tuple(rows.deployment(row) for row in rows.all_of(connection, query, run=run_id))
    return RunView(
        run=replace(run, delivered=deliveries.fold(deployment.delivered for deployment in requested)),
        steps=_steps(connection, run, scope),
        findings=tuple(typed_data.convert(finding, Finding) for finding in findings or ()),
        deployments=requested,
        release=releases.get(connection, run.release_id) if run.release_id else None,
        reports=reports.of(connection, run_id),
        deliveries=tuple(_delivery(connection, deployment, prospects) for deployment in requested),
        services=run_services.of(connection, run_id),
        groups=group_reports.of_run(connection, run_id, scope, says(connection, prospects)),
    )


def _steps(connection: sa.Connection, run: Run, scope: Scope) -> tuple[RunStep, ...]:
    """The steps without deliveries to formations, and plans of them, outside the scope."""
    table = formations_table.c
    hidden = [~part for part in scopes.parts(scope, table.app, table.environment)]
    named = sa.select(table.formation).where(table.app == run.app, *hidden)
    out = frozenset(connection.execute(named).scalars()) if hidden else frozenset()
    steps = runs.steps(connection, run.id)
    mine = (step for step in steps if step.kind != Kind.PLAN or may_read_plan(run, step, scope))
    return tuple(step for step in mine if step.kind != Kind.DELIVER or step.name not in out)


def may_read_plan(run: Run, step: RunStep, scope: Scope) -> bool:
    """Whether the plan's environment is in the scope. It is not known before it is made."""
    environment = (step.result or {}).get("environment", "")
    return scope.everything or scope.covers(run.app, environment)


def _told(connection: sa.Connection, subject: Deployment, prospects: Prospects, scope: Scope) -> Explanation:
    """The answer with its subject."""
    origin = origins.of(connection, [subject]).get(subject.id)
    failed = subject.failure_report_id is not None and subject.verdict_kind is not VerdictKind.DEPLOYED
    now = clock.now()
    health = watches.of(connection, subject, now)
    until = subject.watched_until
    return replace(
        of_deployment(connection, subject, prospects),
        origin=origin,
        note=subject.remark,
        report=failure_reports.of(connection, subject.id) if failed else None,
        second_report=failure_reports.second_of(connection, subject.id) if failed else None,
        health=health,
        watched_until=until if health and until and now < until else None,
        page=f"/deployments/{subject.id}",
        groups=group_reports.of(connection, subject, scope, says(connection, prospects)),
    )


def says(connection: sa.Connection, prospects: Prospects) -> group_reports.Says:
    """Says what a deployment does or waits for, without its name."""
    return lambda subject: of_deployment(connection, subject, prospects).short


def _delivery(connection: sa.Connection, subject: Deployment, prospects: Prospects) -> Delivery:
    explained = of_deployment(connection, subject, prospects)
    return Delivery(
        formation=subject.formation,
        deployment=subject.id,
        page=f"/deployments/{subject.id}",
        state=subject.delivered,
        sentence=explained.sentence,
        short=explained.short,
        hint=explained.hint,
    )


def circumstances(connection: sa.Connection, deployment: Deployment, prospects: Prospects) -> BlockerInput:
    """Everything that the gate of a deployment depends on, in this transaction."""
    own = _own(connection, deployment, prospects)
    group_state = (
        release_groups.group_state(connection, deployment.release_group_id) if deployment.release_group_id else None
    )
    others = [member for member in group_state.members if member.id != deployment.id] if group_state else []
    return BlockerInput(
        votes=own.votes,
        barred=own.barred,
        trouble=own.trouble,
        holds=holds.open_ones(connection, deployment.app),
        window=own.window,
        after=tuple(deployments.get(connection, earlier) for earlier in deployment.after),
        group_state=group_state,
        others=tuple((other, _own(connection, other, prospects)) for other in others),
        going_back=_going_back(connection, deployment),
    )


def _in_its_state(connection: sa.Connection, subject: Deployment, prospects: Prospects) -> BlockerInput:
    """What `blockers.deployment` explains in the deployment's state: most have ended, and these depend on little."""
    if subject.state is DeploymentState.ROLLING_OUT:
        return BlockerInput(questions=gates.of(connection, subject.id))
    if subject.state is DeploymentState.QUEUED:
        return BlockerInput(ahead=_ahead(connection, subject), workers=_workers(connection))
    if subject.verdict:
        return BlockerInput(holds=holds.open_ones(connection, subject.app))
    return circumstances(connection, subject, prospects)


def _own(connection: sa.Connection, deployment: Deployment, prospects: Prospects) -> DeploymentFacts:
    people, trouble = prospects.known()
    return DeploymentFacts(
        votes=votes.standing(connection, deployment, prospects.access()),
        barred=authorship.barred(connection, deployment, people),
        trouble=trouble if deployment.rules else "",
        window=prospects.outlook(deployment),
    )


def _going_back(connection: sa.Connection, deployment: Deployment) -> tuple[Deployment, ...]:
    place = {"app": deployment.app, "formation": deployment.formation}
    return tuple(rows.deployment(row) for row in rows.all_of(connection, _ROLLBACKS_ON_THEIR_WAY, **place))


def _ahead(connection: sa.Connection, deployment: Deployment) -> tuple[Deployment, ...]:
    """Deployments that go to its formation first: those rolling out, and those let through earlier."""
    going = [
        *deployments.in_state(connection, DeploymentState.ROLLING_OUT, deployment.app),
        *deployments.in_state(connection, DeploymentState.QUEUED, deployment.app),
    ]
    return tuple(
        other
        for other in going
        if other.formation == deployment.formation
        and other.id != deployment.id
        and (other.state is DeploymentState.ROLLING_OUT or _let_through(other) < _let_through(deployment))
    )


def _let_through(deployment: Deployment) -> tuple[float, int]:
    return (deployment.opened or deployment.created).timestamp(), deployment.sequence


def _workers(connection: sa.Connection) -> int:
    return int(rows.scalar(connection, _ALIVE) or 0)


def _crowd(connection: sa.Connection, run_id: str, prospects: Prospects) -> WorkerLoad:
    """The runs that have a slot while this run waits for one."""
    run = runs.get(connection, run_id)
    going = sa.select(runs_table.c.app).where(runs_table.c.ended.is_(None), runs_table.c.admitted)
    apps_going = connection.execute(going.where(runs_table.c.id != run_id)).scalars().all()
    workers = _workers(connection)
    slots = prospects.room * workers
    return WorkerLoad(
        going=len(apps_going),
        slots=slots,
        own=apps_going.count(run.app),
        share=fair_share.share(slots, prospects.per_app and prospects.per_app * workers),
        workers=workers,
    )


def of_deployment(connection: sa.Connection, subject: Deployment, prospects: Prospects) -> Explanation:
    """Why a deployment failed or does not proceed, without its evidence and subject."""
    inputs = _in_its_state(connection, subject, prospects)
    return blockers.deployment(
        subject, replace(inputs, refused_now=refused_now(connection, subject, prospects.refusals()))
    )


def refused_now(connection: sa.Connection, subject: Deployment, refusals: Refusals) -> str:
    """Why a deployment would be refused if it began now; empty if it would not."""
    if subject.state not in {DeploymentState.WAITING, DeploymentState.QUEUED}:
        return ""
    return refusals(subject, releases.revision(connection, subject.revision_id))
