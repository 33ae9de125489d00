"""Registered apps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from sealane.errors import Conflicting
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.accounts import Token
from sealane.records.apps import App
from sealane.records.deployments import DeploymentState
from sealane.store import event_writes, outbox, people, rows
from sealane.store.app_tables import apps
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments
from sealane.store.notice_tables import notices
from sealane.store.run_tables import runs

_NAMED = sa.select(apps).where(apps.c.name == sa.bindparam("app"))


class Apps:
    """The table of apps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check_free(self, app: App) -> None:
        """Raises Conflicting when the app's name, or its repository and path, are taken."""
        await self._database.read(lambda c: _check_free(c, app))

    async def add(self, app: App, token: Token | None = None, *, by: str) -> None:
        """Adds the app, with its push token when there is one.

        Raises Conflicting when its name, or its repository and path, are taken.
        """

        def work(connection: sa.Connection) -> None:
            _check_free(connection, app)
            connection.execute(sa.insert(apps).values(**rows.fields(app)))
            if token is not None:
                people.add_token(connection, token, by=by)
            added = DomainEvent(kind=Kind.APP_ADDED, at=app.created, app=app.name, actor=by)
            event_writes.append(connection, added)

        await self._database.write(work)

    async def get(self, name: str) -> App:
        """The app. Raises NotThere."""
        return await self._database.read(lambda c: get(c, name))

    async def all(self) -> tuple[App, ...]:
        """Every app, by name."""
        listed = await self._database.read(lambda c: rows.all_of(c, sa.select(apps).order_by(apps.c.name)))
        return tuple(rows.app(row) for row in listed)

    async def rotate_hook(self, name: str, *, by: str, at: datetime, old_until: datetime | None) -> App:
        """Gives the app a new hook secret; the previous one stays valid until a time. Raises NotThere."""

        def work(connection: sa.Connection) -> App:
            app = get(connection, name)
            values = {"hook_generation": app.hook_generation + 1, "hook_old_until": old_until}
            connection.execute(sa.update(apps).where(apps.c.name == name).values(values))
            data = {"old_until": old_until.isoformat()} if old_until else {}
            rotated = DomainEvent(kind=Kind.APP_HOOK_ROTATED, at=at, app=name, actor=by, data=data)
            event_writes.append(connection, rotated)
            return get(connection, name)

        return await self._database.write(work)

    async def set_owner(self, name: str, owner: str, *, by: str, at: datetime) -> None:
        """Changes the app's owner. Raises NotThere."""

        def work(connection: sa.Connection) -> None:
            detail = {"from": get(connection, name).owner, "to": owner}
            connection.execute(sa.update(apps).where(apps.c.name == name).values(owner=owner))
            owned = DomainEvent(kind=Kind.APP_OWNER_SET, at=at, app=name, actor=by, data=detail)
            event_writes.append(connection, owned)

        await self._database.write(work)

    async def set_repository(self, name: str, repository: str, *, by: str, at: datetime) -> None:
        """Changes the URL that the app is cloned from.

        Raises NotThere, and Conflicting when the server itself serves the app's repository, or when another app has that one.
        """

        def work(connection: sa.Connection) -> None:
            app = get(connection, name)
            if app.hosted:
                raise Conflicting(
                    f"the repository of {name} is served here", hint=f"push to it, or remove {name} first"
                )
            if app.repository == repository:
                return
            _check_unused(connection, replace(app, repository=repository))
            connection.execute(sa.update(apps).where(apps.c.name == name).values(repository=repository))
            detail = {"from": app.repository, "to": repository}
            moved = DomainEvent(kind=Kind.APP_REPOSITORY_SET, at=at, app=name, actor=by, data=detail)
            event_writes.append(connection, moved)

        await self._database.write(work)

    async def remove(self, name: str, *, by: str, at: datetime) -> None:
        """Removes the app and everything stored about it; what runs at destinations stays.

        Raises NotThere, and Conflicting while any of its work goes on: nobody would end what it has started.
        """

        def work(connection: sa.Connection) -> None:
            get(connection, name)
            _check_idle(connection, name)
            connection.execute(sa.delete(apps).where(apps.c.name == name))
            connection.execute(sa.delete(notices).where(notices.c.app == name))
            outbox.forget_lines(connection, name)
            event_writes.append(connection, DomainEvent(kind=Kind.APP_REMOVED, at=at, app=name, actor=by))

        await self._database.write(work)


_GOING = (DeploymentState.QUEUED.value, DeploymentState.ROLLING_OUT.value)


def _check_idle(connection: sa.Connection, name: str) -> None:
    mine = (runs.c.app == name) & runs.c.ended.is_(None)
    if run := connection.execute(sa.select(runs.c.id).where(mine).limit(1)).scalar():
        raise Conflicting(f"the run {run} of {name} goes on", hint=f"end it first: sealane cancel {run}")
    going = (deployments.c.app == name) & deployments.c.state.in_(_GOING)
    if value := connection.execute(sa.select(deployments.c.id).where(going).limit(1)).scalar():
        raise Conflicting(f"the deployment {value} of {name} goes on", hint=f"end it first: sealane cancel {value}")


def _check_free(connection: sa.Connection, app: App) -> None:
    taken = rows.one(connection, sa.select(apps).where(apps.c.name == app.name))
    if taken:
        raise Conflicting(
            f"there is an app {app.name} already, of the repository {taken['repository']}, owned by {taken['owner']}",
            hint="choose another name, or ask its owner to remove it: sealane app remove",
        )
    _check_unused(connection, app)


def _check_unused(connection: sa.Connection, app: App) -> None:
    same = (apps.c.repository == app.repository) & (apps.c.path == app.path)
    if other := rows.one(connection, sa.select(apps).where(same)):
        raise Conflicting(f"{app.repository} is registered already, as {other['name']}")


def get(connection: sa.Connection, name: str) -> App:
    """The app, in this transaction. Raises NotThere."""
    return rows.app(rows.there(rows.one(connection, _NAMED, app=name), f"app {name}"))


def next_sequence(connection: sa.Connection, name: str) -> int:
    """The app's next sequence number: each is given once. Raises NotThere."""
    raised = (
        sa.update(apps)
        .where(apps.c.name == name)
        .values(last_sequence=apps.c.last_sequence + 1)
        .returning(apps.c.last_sequence)
    )
    number = connection.execute(raised).scalar()
    return int(rows.there(number, f"app {name}"))


def give_back(connection: sa.Connection, name: str, sequence: int) -> None:
    """Gives back a drawn number: the app's row has been locked since, so nobody has a later one."""
    connection.execute(sa.update(apps).where(apps.c.name == name).values(last_sequence=sequence - 1))
