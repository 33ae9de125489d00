"""The facts for scopes: owners of apps, whose approval they need, and which app something belongs to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sealane.errors import NotThere
from sealane.findings import did_you_mean
from sealane.records.deployments import DeploymentState
from sealane.records.scopes import EVERYTHING, AppPeople, AppPlace, Scope, Subject
from sealane.store import rows
from sealane.store.app_tables import apps
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments, formations
from sealane.store.run_tables import runs

_RULED = sa.select(deployments.c.app, deployments.c.environment, deployments.c.rules).where(
    (deployments.c.state != DeploymentState.ENDED.value)
    | deployments.c.id.in_(sa.select(formations.c.current_id).where(formations.c.current_id.is_not(None))),
    sa.cast(deployments.c.rules, sa.Text) != "[]",
)
_ENVIRONMENTS = sa.select(formations.c.app, formations.c.environment).distinct()
_OWNERS = sa.select(apps.c.name, apps.c.owner).order_by(apps.c.name)


def chosen(
    scope: Scope, app: sa.ColumnElement[str], environment: sa.ColumnElement[str] | None = None
) -> sa.ColumnElement[bool]:
    """The condition that a row, with its app in this column, is in the scope.

    If the row also has an environment, that must be in the scope; otherwise any environment of the app is enough.
    """
    if scope.everything:
        return sa.true()
    if environment is None:
        return app.in_(scope.apps | {name for name, _ in scope.places})
    parts: dict[str, set[str]] = {}
    for name, where in scope.places:
        parts.setdefault(name, set()).add(where)
    return sa.or_(
        app.in_(scope.apps), *((app == name) & environment.in_(where) for name, where in sorted(parts.items()))
    )


def parts(
    scope: Scope, app: sa.ColumnElement[str], environment: sa.ColumnElement[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    """The remaining condition on rows whose app is in the scope; none when the scope has its apps in every environment."""
    return (chosen(scope, app, environment),) if scope.places else ()


def of_formations(
    scope: Scope, app: sa.ColumnElement[str], is_it: sa.ColumnElement[bool], rest: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """The condition on rows whose app is in the scope: those about a formation in it, by `is_it`, and the `rest` of the app."""
    here = [sa.exists().where(formations.c.app == app, is_it, mine) for mine in parts(scope, *_FORMATION)]
    return sa.or_(*here, rest, app.in_(scope.apps)) if here else sa.true()


_FORMATION = (formations.c.app, formations.c.environment)


class Scopes:
    """Reads the facts that decide what somebody may do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self) -> tuple[AppPeople, ...]:
        """Every app, with its owner and whose approval it needs."""
        return await self._database.read(_people)

    async def place_of(self, subject: Subject, name: str, scope: Scope) -> AppPlace | None:
        """The app and environment of what is named; None for what belongs to no app.

        Raises NotThere when it does not exist, and the same error when it is not in the scope.
        """
        return await self._database.read(lambda c: place_of(c, subject, name, scope))


def _people(connection: sa.Connection) -> tuple[AppPeople, ...]:
    asked: dict[str, dict[str, frozenset[str]]] = {}
    for row in rows.all_of(connection, _RULED):
        mine = asked.setdefault(row["app"], {})
        groups = {group for rule in row["rules"] for group in rule["by"]}
        mine[row["environment"]] = mine.get(row["environment"], frozenset()) | groups
    offered: dict[str, set[str]] = {}
    for app, environment in connection.execute(_ENVIRONMENTS):
        offered.setdefault(app, set()).add(environment)
    listed = rows.all_of(connection, _OWNERS)
    return tuple(
        AppPeople(
            app=row["name"],
            owner=row["owner"],
            asked=asked.get(row["name"], {}),
            environments=frozenset(offered.get(row["name"], ())),
        )
        for row in listed
    )


def place_of(connection: sa.Connection, subject: Subject, name: str, scope: Scope) -> AppPlace | None:
    """The app and environment of what is named, in this transaction. Raises as `Scopes.place_of`."""
    if subject is Subject.TOPIC:
        kind, _, rest = name.partition("/")
        return _row(connection, _TOPICS[kind], rest, scope) if kind in _TOPICS else None
    if subject is Subject.ANYTHING:
        subject = _IDS.get(name[:2]) or (Subject.FORMATION if "/" in name else Subject.APP)
    if subject is Subject.FORMATION:
        return _formation(connection, name, scope)
    return (
        _formation_to_be(connection, name, scope)
        if subject is Subject.FORMATION_TO_BE
        else _row(connection, subject, name, scope)
    )


_TOPICS = {"app": Subject.APP, "run": Subject.RUN, "deployment": Subject.DEPLOYMENT}
_PREFIXES = {Subject.RUN: "r-", Subject.DEPLOYMENT: "d-"}
_MOST_MEANT = 3
_IDS = {"r-": Subject.RUN, "d-": Subject.DEPLOYMENT}
_KEPT: dict[Subject, tuple[str, sa.Select[Any], sa.Column[str], sa.Column[str] | None]] = {
    Subject.APP: ("app", sa.select(apps.c.name).where(apps.c.name == sa.bindparam("named")), apps.c.name, None),
    Subject.RUN: ("run", sa.select(runs.c.app).where(runs.c.id == sa.bindparam("named")), runs.c.app, None),
    Subject.DEPLOYMENT: (
        "deployment",
        sa.select(deployments.c.app, deployments.c.environment).where(deployments.c.id == sa.bindparam("named")),
        deployments.c.app,
        deployments.c.environment,
    ),
}
"""Its name for people, what selects its app and environment by its id, and the columns of these."""


def _row(connection: sa.Connection, subject: Subject, name: str, scope: Scope) -> AppPlace:
    noun, query, app, environment = _KEPT[subject]
    if not scope.everything:
        query = query.where(chosen(scope, app, environment))
    row = connection.execute(query, {"named": name}).first()
    if row is None and subject is Subject.APP:
        raise no_app(connection, name, scope)
    prefix = _PREFIXES.get(subject, "")
    if row is None and not name.startswith(prefix):
        hint = f"the id of a {noun} begins with {prefix}: sealane status and sealane why name them"
        raise NotThere(f"there is no {noun} {name}", hint=hint)
    return AppPlace(**dict(zip(("app", "environment"), rows.there(row, f"{noun} {name}"), strict=False)))


def _formation(connection: sa.Connection, name: str, scope: Scope) -> AppPlace:
    app, _, formation = name.partition("/")
    _row(connection, Subject.APP, app, scope)
    mine = chosen(scope, formations.c.app, formations.c.environment)
    here = (formations.c.app == app) & (formations.c.formation == formation)
    environment = connection.execute(sa.select(formations.c.environment).where(here, mine)).scalar()
    if environment is None:
        raise not_there(connection, app, formation, mine)
    return AppPlace(app=app, environment=environment)


def _formation_to_be(connection: sa.Connection, name: str, scope: Scope) -> AppPlace:
    """The place of a formation; if nothing was ever offered to it, its app, because its environment is not known yet."""
    app, _, formation = name.partition("/")
    here = (formations.c.app == app) & (formations.c.formation == formation)
    if connection.execute(sa.select(formations.c.app).where(here)).first() is None:
        return _row(connection, Subject.APP, app, scope)
    return _formation(connection, name, scope)


def no_app(connection: sa.Connection, name: str, scope: Scope = EVERYTHING) -> NotThere:
    """The error for an unknown app, with what was probably meant: an app in the scope, or a formation of one."""
    chosen_apps = sa.select(apps.c.name).where(chosen(scope, apps.c.name))
    known = connection.execute(chosen_apps).scalars().all()
    same = sa.select(formations.c.app).where(
        formations.c.formation == name, chosen(scope, formations.c.app, formations.c.environment)
    )
    labels = sorted(f"{app}/{name}" for app in connection.execute(same).scalars())
    hint = f"did you mean {' or '.join(labels[:_MOST_MEANT])}?" if labels else did_you_mean(name, known)
    return NotThere(f"there is no app {name}", hint=hint)


def not_there(connection: sa.Connection, app: str, formation: str, among: sa.ColumnElement[bool]) -> NotThere:
    """The error for an unknown formation, with the name that was probably meant."""
    named = sa.select(formations.c.formation).where(formations.c.app == app, among)
    known = connection.execute(named).scalars().all()
    hint = did_you_mean(formation, known) if known else f"nothing of {app} was ever meant for a formation"
    return NotThere(f"there is no formation {app}/{formation}", hint=hint)
