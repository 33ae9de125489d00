"""Pre-rollout hooks that ran for a release, so that they don't run for it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from sealane.records.deployments import Deployment
from sealane.store import rows
from sealane.store.database import Database
from sealane.store.deployment_tables import hooks_run


class HooksRun:
    """The table of hooks that ran."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ran(self, app: str, formation: str, release: str, *, besides: str = "") -> tuple[str, ...]:
        """Hooks that ran for the release, except in the deployment `besides`."""
        here = (hooks_run.c.app == app, hooks_run.c.formation == formation, hooks_run.c.release == release)
        query = sa.select(hooks_run).where(*here, hooks_run.c.deployment_id != besides).order_by(hooks_run.c.at)
        return tuple(row["hook"] for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def note(self, deployment: Deployment, release: str, hooks: Sequence[str], *, at: datetime) -> None:
        """Notes that hooks ran. Key: formation, release and hook; the first deployment stays."""

        def work(connection: sa.Connection) -> None:
            here = {"app": deployment.app, "formation": deployment.formation, "release": release}
            same = [hooks_run.c[name] == value for name, value in here.items()]
            known = set(connection.execute(sa.select(hooks_run.c.hook).where(*same)).scalars())
            for hook in hooks:
                if hook not in known:
                    row = {**here, "hook": hook, "deployment_id": deployment.id, "at": at}
                    connection.execute(sa.insert(hooks_run).values(row))

        await self._database.write(work)

    async def forget(self, deployment: Deployment, release: str, hooks: Sequence[str]) -> None:
        """Forgets hooks that were undone, so that they run again with the release."""
        here = (hooks_run.c.app == deployment.app, hooks_run.c.formation == deployment.formation)
        which = sa.delete(hooks_run).where(*here, hooks_run.c.release == release, hooks_run.c.hook.in_(list(hooks)))
        await self._database.write(lambda c: c.execute(which))
