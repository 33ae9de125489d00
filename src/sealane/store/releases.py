"""Releases and revisions: both immutable, each stored once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from sealane.outbox.model import Kind
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from sealane.store import apps, event_writes, rows
from sealane.store.app_tables import releases, revisions
from sealane.store.database import Database
from sealane.store.run_tables import runs

_BY_ID = sa.select(releases).where(releases.c.id == sa.bindparam("release"))
_REVISION = sa.select(revisions).where(revisions.c.id == sa.bindparam("revision"))


class Releases:
    """The tables of releases and revisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, release: Release, *, sequence: int, run_id: str | None, place: float | None = None) -> None:
        """Stores the release and links it to its run. Key: the release's id; repeating it changes nothing.

        `place` is the position of its commit in the line of commits; by default its number. A sequence of 0 means the app's
        next.
        """
        await self._database.write(lambda c: add(c, release, sequence=sequence, run_id=run_id, place=place))

    async def get(self, release_id: str) -> Release:
        """The release. Raises NotThere."""
        return await self._database.read(lambda c: get(c, release_id))

    async def run_id(self, release_id: str) -> str | None:
        """The run that made the release; None if no run did. Raises NotThere."""

        def look(connection: sa.Connection) -> str | None:
            query = sa.select(releases.c.run_id).where(releases.c.id == release_id)
            of_release: str | None = rows.there(rows.one(connection, query), f"release {release_id}")["run_id"]
            return of_release

        return await self._database.read(look)

    async def sequence(self, release_id: str) -> int:
        """The sequence of the run that made the release. Raises NotThere."""
        query = sa.select(releases.c.sequence).where(releases.c.id == release_id)
        number = await self._database.read(lambda c: c.execute(query).scalar())
        return int(rows.there(number, f"release {release_id}"))

    async def of(self, app: str, limit: int = 50) -> tuple[Release, ...]:
        """The app's releases, newest commit first; for each commit, the one made last."""
        newest = (releases.c.place.desc(), releases.c.sequence.desc())
        query = sa.select(releases).where(releases.c.app == app).order_by(*newest).limit(limit)
        return tuple(rows.release(row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def tagged(self, app: str, deploy_tag: str) -> tuple[Release, ...]:
        """The app's releases with that deploy tag: of one commit or, built elsewhere, of several."""
        return await self._database.read(lambda c: _tagged(c, app, deploy_tag))

    async def revision(self, revision_id: str) -> Revision:
        """The revision. Raises NotThere."""
        return await self._database.read(lambda c: revision(c, revision_id))


def add(
    connection: sa.Connection,
    release: Release,
    *,
    sequence: int,
    run_id: str | None,
    place: float | None = None,
    beside: Callable[[Release], None] | None = None,
) -> None:
    """As `Releases.add`, in this transaction.

    `beside` is called for each other release of its deploy tag; what it raises is raised.
    """
    if rows.one(connection, sa.select(releases.c.id).where(releases.c.id == release.id)):
        return
    number = sequence or apps.next_sequence(connection, release.app)  # of two at once, one waits here
    if beside is not None:
        for other in _tagged(connection, release.app, release.deploy_tag):
            beside(other)
    values = {
        "id": release.id,
        "app": release.app,
        "sequence": number,
        "place": float(number) if place is None else place,
        "run_id": run_id,
        "commit": release.commit,
        "deploy_tag": release.deploy_tag,
        "data": release.to_json(),
        "created": release.created,
    }
    connection.execute(sa.insert(releases).values(values))
    if run_id is not None:
        connection.execute(sa.update(runs).where(runs.c.id == run_id).values(release_id=release.id))
        data = {"release": release.id, "commit": release.commit, "deploy_tag": release.deploy_tag}
        event_writes.run_event(connection, Kind.RELEASE_MADE, run_id, release.created, data)


def _tagged(connection: sa.Connection, app: str, deploy_tag: str) -> tuple[Release, ...]:
    query = sa.select(releases).where(releases.c.app == app, releases.c.deploy_tag == deploy_tag)
    return tuple(rows.release(row) for row in rows.all_of(connection, query))


def get(connection: sa.Connection, release_id: str) -> Release:
    """The release, in this transaction. Raises NotThere."""
    row = rows.one(connection, _BY_ID, release=release_id)
    return rows.release(rows.there(row, f"release {release_id}"))


def revision(connection: sa.Connection, revision_id: str) -> Revision:
    """The revision, in this transaction. Raises NotThere."""
    row = rows.one(connection, _REVISION, revision=revision_id)
    return rows.revision(rows.there(row, f"revision {revision_id}"))


def place(connection: sa.Connection, release_id: str | None) -> float | None:
    """The release's position in the line of commits, in this transaction; None for an unknown release."""
    value = connection.execute(sa.select(releases.c.place).where(releases.c.id == release_id)).scalar()
    return None if value is None else float(value)


def keep(connection: sa.Connection, revision: Revision, at: datetime) -> None:
    """Stores the revision unless it is there: the same content has the same id."""
    if rows.one(connection, sa.select(revisions.c.id).where(revisions.c.id == revision.id)) is None:
        values = {
            "id": revision.id,
            "app": revision.app,
            "formation": revision.formation,
            "data": revision.to_json(),
            "created": at,
        }
        connection.execute(sa.insert(revisions).values(values))
