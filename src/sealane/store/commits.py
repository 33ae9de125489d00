"""The commit history of each app, as far as its runs have seen it, to tell what versions bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from sealane.events.commits import Commit
from sealane.store import rows
from sealane.store.app_tables import apps, commits
from sealane.store.database import Database

_NEAREST = 3_000
"""Most commits of an app that are read: those that runs brought last."""


class Commits:
    """The table of commits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, app: str, fetched: Iterable[Commit]) -> None:
        """Keeps the commits, given newest first. Key: app and commit; known ones stay."""
        listed = list(fetched)

        def work(connection: sa.Connection) -> None:
            named = sa.select(commits.c.commit).where(
                commits.c.app == app, commits.c.commit.in_([commit.id for commit in listed])
            )
            connection.execute(sa.select(apps.c.name).where(apps.c.name == app).with_for_update())  # copies wait
            there = set(connection.execute(named).scalars())
            fresh = [
                {
                    "app": app,
                    "commit": commit.id,
                    "parents": list(commit.parents),
                    "subject": commit.subject,
                    "author": commit.author,
                }
                for commit in reversed(listed)
                if commit.id not in there
            ]
            if fresh:
                connection.execute(sa.insert(commits), fresh)

        await self._database.write(work)


def by_hash(connection: sa.Connection, app: str) -> Mapping[str, Commit]:
    """The app's commits by hash, up to the limit, in this transaction."""
    query = sa.select(commits).where(commits.c.app == app).order_by(commits.c.id.desc()).limit(_NEAREST)
    return {
        row["commit"]: Commit(
            id=row["commit"], parents=tuple(row["parents"]), subject=row["subject"], author=row["author"]
        )
        for row in rows.all_of(connection, query)
    }
