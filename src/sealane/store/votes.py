"""Approvals: what people said about a deployment's revision."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from sealane.errors import Conflicting
from sealane.store import auditing, changes, rows
from sealane.store.database import Database
from sealane.store.model import Deployment, Vote
from sealane.store.tables import votes


class Votes:
    """The table of votes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, deployment: Deployment, vote: Vote) -> None:
        """Adds a vote on the revision it names. Raises Conflicting when that person has voted on it."""

        def work(connection: sa.Connection) -> None:
            if any(each.user == vote.user for each in of(connection, deployment.id, vote.revision_id)):
                raise Conflicting(f"{vote.user} has decided on this already")
            values = {**rows.fields(vote), "groups": sorted(vote.groups), "deployment_id": deployment.id}
            connection.execute(sa.insert(votes).values(values))
            action = "approve" if vote.approves else "reject"
            detail = {"deployment": deployment.id, "revision": vote.revision_id, "comment": vote.comment}
            auditing.note(connection, vote.at, actor=vote.user, action=action, subject=deployment.label, detail=detail)
            changes.tell(connection, vote.at, changes.OVERVIEW, f"deployment:{deployment.id}")

        await self._database.write(work)

    async def of(self, deployment_id: str, revision_id: str) -> tuple[Vote, ...]:
        """Votes on that revision, in the order they were given."""
        return await self._database.read(lambda c: of(c, deployment_id, revision_id))


def of(connection: sa.Connection, deployment_id: str, revision_id: str) -> tuple[Vote, ...]:
    """Votes on that revision, in this transaction."""
    chosen = (votes.c.deployment_id == deployment_id) & (votes.c.revision_id == revision_id)
    return tuple(rows.vote(row) for row in rows.all_of(connection, sa.select(votes).where(chosen).order_by(votes.c.id)))


def of_many(connection: sa.Connection, deployments: Iterable[Deployment]) -> dict[str, tuple[Vote, ...]]:
    """Votes by deployment's id, each on the revision the deployment has now."""
    wanted = {deployment.id: deployment.revision_id for deployment in deployments}
    query = sa.select(votes).where(votes.c.deployment_id.in_(wanted)).order_by(votes.c.id)
    found = [row for row in rows.all_of(connection, query) if wanted[row["deployment_id"]] == row["revision_id"]]
    return {key: tuple(rows.vote(row) for row in found if row["deployment_id"] == key) for key in wanted}
