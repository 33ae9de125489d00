"""Whose work deployments bring: the authors of runs, and who pushed since the deployed commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from sealane import typed_data
from sealane.approvals import authorship
from sealane.approvals.authorship import Contribution
from sealane.environments.people import People
from sealane.errors import NotThere
from sealane.events.model import Author, Pusher
from sealane.outbox.model import Kind
from sealane.records import eligibility
from sealane.records.deployments import Deployment
from sealane.records.eligibility import Ineligible
from sealane.store import deployments, event_writes, formations, rows
from sealane.store.app_tables import releases
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.run_tables import runs

PUSH = ""
"""Key for the authors since the commit that a push moved its branch from."""
_MOST = 1000
"""Most runs that are examined between the deployed and the new commit."""


class Authorship:
    """Reads and keeps who wrote and who pushed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def there(self, app: str) -> Mapping[str, str]:
        """The last verified commit at each of the app's formations, by their names."""
        same = formations_table.c.verified_id == deployments_table.c.id
        query = (
            sa.select(formations_table.c.formation, releases.c.commit)
            .join(deployments_table, same)
            .join(releases, releases.c.id == deployments_table.c.release_id)
            .where(formations_table.c.app == app)
        )
        return {row["formation"]: row["commit"] for row in await self._database.read(lambda c: rows.all_of(c, query))}

    async def keep(self, run_id: str, authors_by_formation: Mapping[str, tuple[Author, ...]], *, at: datetime) -> None:
        """Keeps the authors of a run's commits since each of some other commits, and of its push. Key: the run."""

        def work(connection: sa.Connection) -> None:
            connection.execute(
                sa.update(runs).where(runs.c.id == run_id).values(authors=rows.plain(authors_by_formation))
            )
            event_writes.run_event(connection, Kind.RUN_AUTHORS, run_id, at)

        await self._database.write(work)

    async def of_run(self, run_id: str, *, since: str | None) -> tuple[Author, ...]:
        """The authors of a run's commits since another; without one, those of its push. Since an unknown one, all."""
        data = await self._database.read(
            lambda c: c.execute(sa.select(runs.c.authors).where(runs.c.id == run_id)).scalar()
        )
        known = _authors(data)
        if (since or PUSH) in known:
            return known[since or PUSH]
        return tuple(dict.fromkeys(author for listed in known.values() for author in listed))


def barred(connection: sa.Connection, deployment: Deployment, people: People) -> Ineligible:
    """Who may not approve a deployment, in this transaction."""
    return (
        authorship.barred(deployment, work(connection, deployment), people) if deployment.rules else eligibility.NOBODY
    )


def work(connection: sa.Connection, deployment: Deployment) -> Contribution:
    """All that a deployment brings: its own run, and pushes to its branch since the deployed commit."""
    pushers: list[Pusher | None] = [] if deployment.by_hand and deployment.pusher is None else [deployment.pusher]
    authors = list(deployment.authors)
    for row in _between(connection, deployment):
        pusher = row["event"].get("pusher")
        pushers.append(typed_data.convert(pusher, Pusher) if pusher else None)
        authors += _authors(row["authors"]).get(PUSH, ())
    return Contribution(pushers=tuple(dict.fromkeys(pushers)), authors=tuple(dict.fromkeys(authors)))


def _between(connection: sa.Connection, deployment: Deployment) -> list[rows.Row]:
    """Runs of the deployment's branch after the deployed commit, up to its own."""
    try:
        there = formations.get(connection, deployment.app, deployment.formation)
    except NotThere:
        return []
    made = sa.select(releases.c.run_id).where(releases.c.id == deployment.release_id)
    own = deployment.run_id or connection.execute(made).scalar()
    branch = connection.execute(sa.select(runs.c.branch).where(runs.c.id == own)).scalar() if own else None
    if branch is None or there.verified_id is None:
        return []
    low = deployments.get(connection, there.verified_id).place
    same = (runs.c.app == deployment.app) & (runs.c.branch == branch) & (runs.c.id != own)
    query = sa.select(runs.c.event, runs.c.authors).where(same, runs.c.place > low, runs.c.place <= deployment.place)
    return rows.all_of(connection, query.order_by(runs.c.sequence.desc()).limit(_MOST))


def _authors(data: object) -> dict[str, tuple[Author, ...]]:
    return typed_data.convert(data or {}, dict[str, tuple[Author, ...]])
