"""The overview's figures of the last days; they read only the needed columns of each deployment."""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta

import sqlalchemy as sa

from sealane.records.deployments import DeploymentKind
from sealane.records.scopes import Scope
from sealane.records.views import LastDays
from sealane.store import scopes
from sealane.store.deployment_tables import deployments as table
from sealane.verdicts.model import VerdictKind

_IN_PLACE = [kind.value for kind in DeploymentKind if kind.in_place]
_KINDS = {kind.value for kind in (VerdictKind.DEPLOYED, VerdictKind.ROLLED_BACK)}
_DAY = timedelta(days=1)


def of(connection: sa.Connection, now: datetime, days: int, production: frozenset[str], scope: Scope) -> LastDays:
    """The figures within the scope, in this transaction; `production` names environments."""
    at = table.c.verdict["at"].as_string().label("at")
    columns = (table.c[name] for name in ("verdict_kind", "kind", "environment", "created", "started", "ended"))
    ended = [table.c.ended > now - days * _DAY, table.c.verdict_kind.in_(_KINDS), table.c.kind.not_in(_IN_PLACE)]
    mine = scopes.chosen(scope, table.c.app, table.c.environment)
    ended_rows = connection.execute(sa.select(*columns, at).where(*ended, mine)).all()
    deployed = [row for row in ended_rows if row.verdict_kind == VerdictKind.DEPLOYED.value]
    back = [row for row in ended_rows if row.verdict_kind == VerdictKind.ROLLED_BACK.value]
    counts = [0] * days
    for row in deployed:
        counts[days - 1 - max((now - row.ended) // _DAY, 0)] += 1
    there = [
        row.ended - row.created
        for row in deployed
        if row.environment in production and row.kind == DeploymentKind.DELIVERY.value
    ]
    took = [row.ended - row.started for row in back if row.started and row.ended >= datetime.fromisoformat(row.at)]
    return LastDays(
        deployed=tuple(counts),
        rolled_back=len(back),
        back_after=statistics.median(took) if took else None,
        to_production=statistics.median(there) if there else None,
    )
