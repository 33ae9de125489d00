"""Lists of runs and deployments: filtered, newest first, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from sealane.pipelines.model import Kind, RunStatus, StepStatus
from sealane.records.deployments import Deployment
from sealane.records.filters import Figure, Filter, Places, Ran
from sealane.records.runs import Run
from sealane.records.scopes import Scope, Subject
from sealane.releases import deliveries
from sealane.releases.deliveries import DeliveryOutcome
from sealane.store import deployments as stored_deployments
from sealane.store import failure_insights, insights, junit_insights, pipeline_insights, rows, scopes
from sealane.store import runs as stored_runs
from sealane.store.app_tables import apps, releases
from sealane.store.deployment_tables import deployments, formations
from sealane.store.run_tables import run_steps, runs

_HASH = re.compile(r"[0-9a-f]+")
_BAD_STEPS = (StepStatus.FAILED.value, StepStatus.BROKEN.value)


def places(connection: sa.Connection, scope: Scope) -> Places:
    """All apps of the scope, and the formations and environments that anything was ever offered to, by name."""
    named = sa.select(apps.c.name).where(scopes.chosen(scope, apps.c.name)).order_by(apps.c.name)
    mine = scopes.chosen(scope, formations.c.app, formations.c.environment)
    known = list(connection.execute(sa.select(formations.c.formation, formations.c.environment).where(mine).distinct()))
    return Places(
        apps=tuple(connection.execute(named).scalars()),
        formations=tuple(sorted({row.formation for row in known})),
        environments=tuple(sorted({row.environment for row in known})),
    )


def list_runs(connection: sa.Connection, scope: Scope, only: Filter, limit: int, before: str | None) -> tuple[Run, ...]:
    """Newest runs first; `before` is the id of the last run of the previous page. Raises NotThere for an unknown one."""
    where = [scopes.chosen(scope, runs.c.app), *_of_runs(only, _seen(scope))]
    if before is not None:
        scopes.place_of(connection, Subject.RUN, before, scope)
        where.append(_older(runs, stored_runs.get(connection, before)))
    listed = [rows.run(row) for row in rows.all_of(connection, _newest(runs, where, limit))]
    return with_deliveries(connection, listed, scope)


def list_deployments(
    connection: sa.Connection,
    scope: Scope,
    only: Filter,
    limit: int,
    before: str | None,
    production: frozenset[str] = frozenset(),
) -> tuple[Deployment, ...]:
    """As `list_runs`, for deployments; `production` names environments."""
    where = [scopes.chosen(scope, deployments.c.app, deployments.c.environment), *_of_deployments(only)]
    where += [deployments.c.environment.in_(production)] if only.production else []
    if before is not None:
        scopes.place_of(connection, Subject.DEPLOYMENT, before, scope)
        where.append(_older(deployments, stored_deployments.get(connection, before)))
    return tuple(rows.deployment(row) for row in rows.all_of(connection, _newest(deployments, where, limit)))


def _newest(table: sa.Table, where: Iterable[sa.ColumnElement[bool]], limit: int) -> sa.Select[Any]:
    """The newest that match. Indexes find their ids; only for these are the whole, wide rows read."""
    order = (table.c.created.desc(), table.c.id.desc())
    newest = sa.select(table.c.id).where(*where).order_by(*order).limit(limit)
    return sa.select(table).where(table.c.id.in_(newest)).order_by(*order)


def _older(table: sa.Table, last: Run | Deployment) -> sa.ColumnElement[bool]:
    """The condition for what comes after the last one of a page; both databases use an index for it."""
    place = sa.tuple_(sa.literal(last.created, table.c.created.type), sa.literal(last.id))
    return sa.tuple_(table.c.created, table.c.id) < place


def _seen(scope: Scope) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition for the deliveries in the scope, of runs of its apps."""
    return scopes.parts(scope, deployments.c.app, deployments.c.environment)


def with_deliveries(connection: sa.Connection, shown: Iterable[Run], scope: Scope) -> tuple[Run, ...]:
    """The runs with the state of their deliveries in the scope, and the reason if something went wrong."""
    listed = tuple(shown)
    table = deployments.c
    columns = (table.run_id, table.formation, table.state, table.verdict_kind, table.verdict)
    of_these = table.run_id.in_([run.id for run in listed])
    query = sa.select(*columns).where(of_these, *_seen(scope)).order_by(table.created)
    came: dict[str, list[rows.Row]] = {}
    for row in rows.all_of(connection, query):
        came.setdefault(row["run_id"], []).append(row)
    steps = _bad_steps(connection, listed, scope)
    return tuple(_with_outcome(run, came.get(run.id, ()), steps.get(run.id)) for run in listed)


def _with_outcome(run: Run, came: Iterable[rows.Row], step: str | None) -> Run:
    states = [(DeliveryOutcome(row["verdict_kind"] or row["state"]), row) for row in came]
    delivered = deliveries.fold(state for state, _ in states)
    wrong = [
        f"{row['formation']} {state.words}: {row['verdict']['reason']}"
        for state, row in states
        if state in deliveries.BAD and row["verdict"]
    ]
    failed = run.status in {RunStatus.FAILED, RunStatus.BROKEN, RunStatus.CANCELLED}
    own = (run.reason or step) if failed else None
    return replace(run, delivered=delivered, because=own or "; ".join(wrong) or None)


def _bad_steps(connection: sa.Connection, listed: Iterable[Run], scope: Scope) -> Mapping[str, str]:
    """The message of each run's first failed step."""
    wanted = [run.id for run in listed if run.status in {RunStatus.FAILED, RunStatus.BROKEN} and not run.reason]
    query = sa.select(run_steps.c.run_id, run_steps.c.name, run_steps.c.reason).where(
        run_steps.c.run_id.in_(wanted), run_steps.c.status.in_(_BAD_STEPS), *_seen_steps(scope)
    )
    by_run: dict[str, str] = {}
    for row in rows.all_of(connection, query.order_by(run_steps.c.position)):
        by_run.setdefault(
            row["run_id"], f"{row['name']}: {row['reason']}" if row["reason"] else f"{row['name']} failed"
        )
    return by_run


def _seen_steps(scope: Scope) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition that leaves out deliveries to formations outside the scope, and all plans of pull requests."""
    hidden = [~part for part in scopes.parts(scope, formations.c.app, formations.c.environment)]
    same = (runs.c.id == run_steps.c.run_id, formations.c.app == runs.c.app, formations.c.formation == run_steps.c.name)
    of_others = sa.exists().where(*same, *hidden) & (run_steps.c.kind == Kind.DELIVER.value)
    return (~of_others, run_steps.c.kind != Kind.PLAN.value) if hidden else ()


def _of_runs(only: Filter, seen: tuple[sa.ColumnElement[bool], ...]) -> list[sa.ColumnElement[bool]]:
    table = runs.c
    elements: list[sa.ColumnElement[bool]] = []
    elements += [table.app == only.app] if only.app is not None else []
    elements += [table.branch == only.branch] if only.branch is not None else []
    elements += _of_commit(only)
    places = ((deployments.c.formation, only.formation), (deployments.c.environment, only.environment))
    where = [column == wanted for column, wanted in places if wanted is not None]
    elements += [table.id.in_(_delivered_runs(*where, *seen))] if where else []
    elements += [_run_state(only.state, seen)] if only.state is not None else []
    of_test = only.test is not None or only.ran is Ran.FLAKY
    if of_test or only.ran is not None or only.step is not None:
        elements.append(table.id.in_((junit_insights if of_test else pipeline_insights).behind(only)))
    return [*elements, *_owned_and_ended(table, only)]


def _owned_and_ended(table: Any, only: Filter) -> list[sa.ColumnElement[bool]]:
    elements: list[sa.ColumnElement[bool]] = []
    elements += [table.app.in_(insights.of_team(only.team))] if only.team is not None else []
    ended = [table.ended >= only.since] if only.since is not None else []
    ended += [table.ended < only.until] if only.until is not None else []
    return [*elements, *([table.id.in_(sa.select(table.id).where(*ended))] if ended else [])]


def _delivered_runs(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Runs with a matching delivery: found once, not checked for each run."""
    return sa.select(deployments.c.run_id).where(deployments.c.run_id.is_not(None), *where)


def _of_commit(only: Filter) -> list[sa.ColumnElement[bool]]:
    """Conditions on the commit's hash, author and subject."""
    parts = ((runs.c.author, only.author), (runs.c.message, only.search))
    elements = [sa.func.lower(column).contains(wanted.lower(), autoescape=True) for column, wanted in parts if wanted]
    return [*elements, *([_begins(only.commit.lower())] if only.commit else [])]


def _begins(start: str) -> sa.ColumnElement[bool]:
    """Runs whose commit's hash begins so: a range of an index, since no character of a hash comes after `f`."""
    if not _HASH.fullmatch(start):
        return sa.false()
    same = runs.alias("same")
    return runs.c.id.in_(sa.select(same.c.id).where(same.c.commit >= start, same.c.commit < f"{start}g"))


def _run_state(state: str, seen: tuple[sa.ColumnElement[bool], ...]) -> sa.ColumnElement[bool]:
    """The runs shown with this state: a passed run has the state of its deliveries."""
    passed = runs.c.status == RunStatus.PASSED.value
    shown: list[sa.ColumnElement[bool]] = []
    if state in set(RunStatus):
        own = runs.c.status == state
        mine = sa.exists().where(deployments.c.run_id == runs.c.id, *seen)
        shown.append(own & ~mine if state == RunStatus.PASSED else own)
    if state in set(DeliveryOutcome):
        stronger = [_delivered(outcome) for outcome in deliveries.stronger(DeliveryOutcome(state))]
        none = [runs.c.id.not_in(_delivered_runs(sa.or_(*stronger), *seen))] if stronger else []
        came = _delivered_runs(_delivered(DeliveryOutcome(state)), *seen)
        shown.append(sa.and_(passed, runs.c.id.in_(came), *none))
    return sa.or_(sa.false(), *shown)


def _of_deployments(only: Filter) -> list[sa.ColumnElement[bool]]:
    table = deployments.c
    wanted = ((table.app, only.app), (table.formation, only.formation), (table.environment, only.environment))
    elements = [column == value for column, value in wanted if value is not None]
    elements += [_delivered(DeliveryOutcome(only.state))] if only.state in set(DeliveryOutcome) else []
    elements += [sa.false()] if only.state and only.state not in set(DeliveryOutcome) else []
    of_commit = _of_commit(only)
    of_commit += [runs.c.branch == only.branch] if only.branch is not None else []
    if of_commit:
        of_commit += [runs.c.app == only.app] if only.app is not None else []
        built = sa.select(releases.c.run_id).where(releases.c.id == table.release_id).correlate(deployments)
        run = sa.func.coalesce(built.scalar_subquery(), table.run_id)
        elements.append(run.in_(sa.select(runs.c.id).where(*of_commit)))
    if (only.figure, only.hour, only.cause) != (None, None, None):
        figure = only.figure or (Figure.CHANGES if only.cause is None else Figure.FAILED)
        elements.append(table.id.in_(insights.behind(figure, only.since, only.until, only.hour)))
    elements += [failure_insights.cause == only.cause] if only.cause is not None else []
    return [*elements, *_owned_and_ended(table, only)]


def _delivered(state: DeliveryOutcome) -> sa.ColumnElement[bool]:
    """Deployments in this state, or with this verdict."""
    if state in deliveries.OPEN:
        return (deployments.c.state == state.value) & deployments.c.verdict_kind.is_(None)
    return deployments.c.verdict_kind == state.value
