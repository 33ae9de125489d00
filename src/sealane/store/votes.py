"""Approvals: people's votes on a deployment's revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from sealane.access import rights
from sealane.environments.app_access import AppAccess
from sealane.errors import Conflicting
from sealane.outbox.model import Kind
from sealane.records.deployments import Deployment, DeploymentState, Vote
from sealane.store import deployments, event_writes, rows
from sealane.store.account_tables import users
from sealane.store.database import Database
from sealane.store.deployment_tables import votes

_ON_REVISION = (
    sa.select(votes)
    .where(votes.c.deployment_id == sa.bindparam("deployment"), votes.c.revision_id == sa.bindparam("revision"))
    .order_by(votes.c.id)
)
_GROUPS = sa.select(users.c.name, users.c.groups).where(users.c.name.in_(sa.bindparam("names", expanding=True)))


class Votes:
    """The table of votes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, deployment: Deployment, vote: Vote) -> None:
        """Adds a vote on the revision it names.

        Raises Conflicting when that person has voted on it, or when it no longer waits, so that a late no is noticed.
        """

        def work(connection: sa.Connection) -> None:
            now = deployments.get(connection, deployment.id)
            if now.state is not DeploymentState.WAITING or now.revision_id != vote.revision_id:
                raise Conflicting(f"{deployment.id} no longer waits for that answer: it is {now.state}")
            if any(earlier.user == vote.user for earlier in of(connection, deployment.id, vote.revision_id)):
                raise Conflicting(f"{vote.user} has decided on this already")
            values = {**rows.fields(vote), "groups": sorted(vote.groups), "deployment_id": deployment.id}
            connection.execute(sa.insert(votes).values(values))
            kind = Kind.APPROVAL_GIVEN if vote.approves else Kind.APPROVAL_REFUSED
            data = {"revision": vote.revision_id, "comment": vote.comment}
            event_writes.deployment_event(connection, kind, deployment, vote.at, data, actor=vote.user)

        await self._database.write(work)

    async def of(self, deployment_id: str, revision_id: str) -> tuple[Vote, ...]:
        """Votes on that revision, in the order they were given."""
        return await self._database.read(lambda c: of(c, deployment_id, revision_id))


def of(connection: sa.Connection, deployment_id: str, revision_id: str) -> tuple[Vote, ...]:
    """Votes on that revision, in this transaction."""
    listed = rows.all_of(connection, _ON_REVISION, deployment=deployment_id, revision=revision_id)
    return _as_people_are(connection, [rows.vote(row) for row in listed])


def standing(connection: sa.Connection, deployment: Deployment, access: AppAccess) -> tuple[Vote, ...]:
    """Votes on the deployment's current revision, as they count by the operators' file."""
    return as_granted(of(connection, deployment.id, deployment.revision_id), deployment, access)


def as_granted(cast: Iterable[Vote], deployment: Deployment, access: AppAccess) -> tuple[Vote, ...]:
    """The votes with the groups that may still approve there: operators may have taken that from a group since."""
    where = deployment.app, deployment.environment
    return tuple(replace(vote, groups=rights.approving(vote.groups, *where, access)) for vote in cast)


def of_many(connection: sa.Connection, wanted_of: Iterable[Deployment]) -> dict[str, tuple[Vote, ...]]:
    """Votes by deployment id, each on the deployment's current revision."""
    wanted = {deployment.id: deployment.revision_id for deployment in wanted_of}
    if not wanted:
        return {}
    query = sa.select(votes).where(votes.c.deployment_id.in_(wanted)).order_by(votes.c.id)
    listed = [row for row in rows.all_of(connection, query) if wanted[row["deployment_id"]] == row["revision_id"]]
    cast = zip(listed, _as_people_are(connection, [rows.vote(row) for row in listed]), strict=True)
    given = [(row["deployment_id"], vote) for row, vote in cast]
    return {key: tuple(vote for deployment_id, vote in given if deployment_id == key) for key in wanted}


def _as_people_are(connection: sa.Connection, cast: Sequence[Vote]) -> tuple[Vote, ...]:
    """The votes with the voters' current groups: a vote does not count for a group that the voter has left."""
    if not cast:
        return ()
    listed = rows.all_of(connection, _GROUPS, names=[vote.user for vote in cast])
    now = {row["name"]: frozenset(row["groups"]) for row in listed}
    return tuple(replace(vote, groups=vote.groups & now.get(vote.user, vote.groups)) for vote in cast)
