"""The database is brought to the tables of this version, from nothing and again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sealane.blobs.logs import Logs
from sealane.store import migrating
from sealane.store.database import Database
from sealane.store.storing import Store
from sealane.store.tables import metadata


async def test_migrations_make_exactly_the_tables_the_code_uses(database_url: str) -> None:
    """From an empty database the migrations end at the tables in `tables.py`, with nothing left to change."""
    database = Database(database_url)
    migrating.migrate(database)

    left = database.read_now(lambda c: compare_metadata(MigrationContext.configure(c), metadata))

    assert left == []
    database.close()


async def test_several_workers_may_start_at_once(database_url: str, tmp_path: Path) -> None:
    """Three processes' worth of stores open on the same empty database, and all of them work."""
    stores = await asyncio.gather(*(Store.open(database_url, logs=Logs(tmp_path)) for _ in range(3)))

    assert [await store.apps.all() for store in stores] == [(), (), ()]
    for store in stores:
        await store.close()
