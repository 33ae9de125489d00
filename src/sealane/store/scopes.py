"""What scopes are made from: who apps belong to, whose approval they ask for, and which app something is of."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.errors import NotThere
from sealane.findings import did_you_mean
from sealane.records.model import DeploymentState
from sealane.records.scopes import EVERYTHING, AppPeople, Scope, Subject
from sealane.store import rows
from sealane.store.database import Database
from sealane.store.tables import apps, deployments, formations, runs


def chosen(scope: Scope, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition under which a row of the app in this column is in the scope."""
    return sa.true() if scope.everything else column.in_(scope.apps)


class Scopes:
    """Reads for whoever decides what somebody may."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self) -> tuple[AppPeople, ...]:
        """Every app, with whom it belongs to and whose approval it asks for."""
        return await self._database.read(_people)

    async def app_of(self, subject: Subject, name: str, scope: Scope) -> str | None:
        """The app of what is named; None for what is no app's.

        Raises NotThere when there is none, and the very same when its app is not in the scope.
        """
        return await self._database.read(lambda c: app_of(c, subject, name, scope))


def _people(connection: sa.Connection) -> tuple[AppPeople, ...]:
    there = sa.select(formations.c.current_id).where(formations.c.current_id.is_not(None))
    now = (deployments.c.state != DeploymentState.ENDED.value) | deployments.c.id.in_(there)
    ruled = sa.cast(deployments.c.rules, sa.Text) != "[]"
    asked: dict[str, set[str]] = {}
    for row in rows.all_of(connection, sa.select(deployments.c.app, deployments.c.rules).where(now, ruled)):
        asked.setdefault(row["app"], set()).update(group for rule in row["rules"] for group in rule["by"])
    found = rows.all_of(connection, sa.select(apps.c.name, apps.c.owner).order_by(apps.c.name))
    return tuple(
        AppPeople(app=row["name"], owner=row["owner"], asked=frozenset(asked.get(row["name"], ()))) for row in found
    )


def app_of(connection: sa.Connection, subject: Subject, name: str, scope: Scope) -> str | None:
    """The app of what is named, in this transaction. Raises as `Scopes.app_of` does."""
    if subject is Subject.TOPIC:
        kind, _, rest = name.partition("/")
        return _row(connection, _TOPICS[kind], rest, scope) if kind in _TOPICS else None
    if subject is not Subject.ANYTHING:
        return _row(connection, subject, name, scope)
    if by_id := _IDS.get(name[:2]):
        return _row(connection, by_id, name, scope)
    return _row(connection, Subject.APP, name.partition("/")[0], scope)


_TOPICS = {"run": Subject.RUN, "deployment": Subject.DEPLOYMENT}
_PREFIXES = {Subject.RUN: "r-", Subject.DEPLOYMENT: "d-"}
_MOST_MEANT = 3
_IDS = {"r-": Subject.RUN, "d-": Subject.DEPLOYMENT}
_KEPT = {
    Subject.APP: ("app", apps.c.name, apps.c.name),
    Subject.RUN: ("run", runs.c.id, runs.c.app),
    Subject.DEPLOYMENT: ("deployment", deployments.c.id, deployments.c.app),
}
"""What it is called, and the columns of its name and its app."""


def _row(connection: sa.Connection, subject: Subject, name: str, scope: Scope) -> str:
    what, known, app = _KEPT[subject]
    found = connection.execute(sa.select(app).where(known == name, chosen(scope, app))).scalar()
    if found is None and subject is Subject.APP:
        raise no_app(connection, name, scope)
    prefix = _PREFIXES.get(subject, "")
    if found is None and not name.startswith(prefix):
        hint = f"the id of a {what} begins with {prefix}: sealane status and sealane why name them"
        raise NotThere(f"there is no {what} {name}", hint=hint)
    return str(rows.there(found, f"{what} {name}"))


def no_app(connection: sa.Connection, name: str, scope: Scope = EVERYTHING) -> NotThere:
    """The error for a name that is no app's, with what was probably meant: an app in the scope, or a formation of one."""
    chosen_apps = sa.select(apps.c.name).where(chosen(scope, apps.c.name))
    known = connection.execute(chosen_apps).scalars().all()
    same = sa.select(formations.c.app).where(formations.c.formation == name, chosen(scope, formations.c.app))
    labels = sorted(f"{app}/{name}" for app in connection.execute(same).scalars())
    hint = f"did you mean {' or '.join(labels[:_MOST_MEANT])}?" if labels else did_you_mean(name, known)
    return NotThere(f"there is no app {name}", hint=hint)
