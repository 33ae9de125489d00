"""Stored renderings: the deployment whose revision a person means, by number, id, revision, release or deploy tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlalchemy as sa

from sealane.errors import NotThere, UsageError
from sealane.records.deployments import Deployment
from sealane.records.scopes import Scope
from sealane.store import rows, scopes
from sealane.store.app_tables import releases
from sealane.store.deployment_tables import deployments

_NUMBER = re.compile(r"#?([0-9]{1,18})")
_REVISION = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")


def named(connection: sa.Connection, app: str, formation: str, wanted: str, scope: Scope) -> Deployment:
    """The newest deployment of the formation that `wanted` names.

    It is the number or id of a deployment, the id or deploy tag of a release, or the id of a revision or its beginning, tried
    in this order. Raises NotThere, also for one that is not in the scope; UsageError for the beginning of several revisions.
    """
    here = (
        deployments.c.app == app,
        deployments.c.formation == formation,
        scopes.chosen(scope, deployments.c.app, deployments.c.environment),
    )
    for condition in _conditions(app, wanted):
        query = sa.select(deployments).where(*here, condition).order_by(deployments.c.created.desc(), deployments.c.id)
        named = [rows.deployment(row) for row in rows.all_of(connection, query.limit(200))]
        if named:
            return _one(named, wanted)
    message = f"nothing was rendered for {app}/{formation} that {wanted} names"
    hint = "name a deployment by its number or id, a release by its id or deploy tag, or a revision by its id or its beginning"
    raise NotThere(message, hint=hint)


def _conditions(app: str, wanted: str) -> Iterator[sa.ColumnElement[bool]]:
    if number := _NUMBER.fullmatch(wanted):
        yield deployments.c.sequence == int(number[1])
    yield deployments.c.id == wanted
    of_release = sa.select(releases.c.id).where(
        releases.c.app == app, sa.or_(releases.c.id == wanted, releases.c.deploy_tag == wanted)
    )
    yield deployments.c.release_id.in_(of_release)
    if beginning := _REVISION.fullmatch(wanted):
        yield deployments.c.revision_id.startswith(f"sha256:{beginning[1]}")


def _one(named: list[Deployment], wanted: str) -> Deployment:
    """The newest. Several revisions of one release are renderings of it; those with one beginning are not."""
    beginning = _REVISION.fullmatch(wanted)
    revisions = {deployment.revision_id for deployment in named}
    begins = beginning is not None and all(revision.startswith(f"sha256:{beginning[1]}") for revision in revisions)
    if begins and len(revisions) > 1:
        raise UsageError(f"{wanted} is the beginning of several revisions", hint="write more of it")
    return named[0]
