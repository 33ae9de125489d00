"""The overview's figures of the last days, on each database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sealane.records.deployments import DeploymentKind, DeploymentState
from sealane.records.scopes import EVERYTHING, Scope
from sealane.records.views import LastDays
from sealane.store import deployment_tables, deployments, last_days
from sealane.store import releases as stored_releases
from sealane.store.all_stores import Store
from sealane.verdicts.model import Verdict, VerdictKind

from .samples import NOON, deployment, revision

HOUR = timedelta(hours=1)
SECONDS = timedelta(seconds=1)
ENDED: tuple[dict[str, Any], ...] = (
    {"ago": HOUR, "took": 30 * SECONDS},
    {"ago": 25 * HOUR, "took": 10 * SECONDS, "kind": DeploymentKind.MANUAL},
    {"ago": 26 * HOUR, "took": 50 * SECONDS},
    {"ago": 26 * HOUR, "took": 5 * SECONDS, "formation": "dev"},
    {"ago": 48 * HOUR, "took": 40 * SECONDS, "verdict": VerdictKind.ROLLED_BACK},
    {"ago": 48 * HOUR, "took": 20 * SECONDS, "verdict": VerdictKind.ROLLED_BACK, "late": HOUR},
    {"ago": 3 * HOUR, "took": SECONDS, "kind": DeploymentKind.SCALE},
    {"ago": 3 * HOUR, "took": SECONDS, "verdict": VerdictKind.FAILED},
    {"ago": 73 * HOUR, "took": SECONDS},
)
"""The last is too old for three days."""


def _filled(connection: sa.Connection) -> None:
    for number, said in enumerate(ENDED):
        ended, place = NOON - said["ago"], said.get("formation", "production")
        stored_releases.keep(connection, revision(f"v{number}", place), NOON)
        row = deployment(
            number,
            number + 1,
            place,
            kind=said.get("kind", DeploymentKind.DELIVERY),
            state=DeploymentState.ENDED,
            created=ended - 2 * said["took"],
            started=ended - said["took"],
            ended=ended,
            verdict=Verdict(
                kind=said.get("verdict", VerdictKind.DEPLOYED), reason="", at=ended + said.get("late", timedelta())
            ),
        )
        values = deployments.row(row)
        connection.execute(sa.insert(deployment_tables.deployments).values(values))


async def test_what_was_deployed_lately_is_counted_by_day(store: Store) -> None:
    """Neither scaling nor what failed counts, and one that had been deployed before it was rolled back took no time for it."""
    await store.database.write(_filled)

    def found(scope: Scope) -> Any:
        return store.database.read(lambda c: last_days.of(c, NOON, 3, frozenset({"production"}), scope))

    assert await found(EVERYTHING) == LastDays(
        deployed=(0, 3, 1), rolled_back=2, back_after=40 * SECONDS, to_production=80 * SECONDS
    )
    assert await found(Scope(apps=frozenset({"other"}))) == LastDays(
        deployed=(0, 0, 0), rolled_back=0, back_after=None, to_production=None
    )
