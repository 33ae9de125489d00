"""Networks of unfinished runs: those of the steps' containers, on any engine's machine."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from sealane.store.database import Database
from sealane.store.run_tables import runs, step_networks


class StepNetworks:
    """The table of networks of runs' containers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, run_id: str, networks: Collection[str]) -> None:
        """Adds networks to those of a run, in CIDR form: each of its workflows has its own. Repeating it changes nothing."""
        known = sa.select(step_networks.c.network).where(step_networks.c.run_id == run_id)
        if set(networks) <= set(await self._database.read(lambda c: c.execute(known).scalars().all())):
            return

        def work(connection: sa.Connection) -> None:
            there = set(connection.execute(known).scalars().all())
            for network in sorted(set(networks) - there):
                connection.execute(sa.insert(step_networks).values(run_id=run_id, network=network))

        await self._database.write(work)

    async def of_running(self) -> tuple[str, ...]:
        """The networks of runs that have not ended."""
        query = sa.select(step_networks.c.network).join(runs, runs.c.id == step_networks.c.run_id)
        going = query.where(runs.c.ended.is_(None)).distinct()
        return await self._database.read(lambda c: tuple(c.execute(going).scalars()))

    async def forget(self, run_id: str) -> None:
        """Forgets the networks of an ended run."""
        await self._database.write(
            lambda c: c.execute(sa.delete(step_networks).where(step_networks.c.run_id == run_id))
        )
