"""The database is brought to the tables of this version, from nothing and again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sealane.blobs.logs import Logs
from sealane.store import columns, deployment_tables, migration, rows, run_tables
from sealane.store.all_stores import Store
from sealane.store.app_tables import apps
from sealane.store.columns import metadata
from sealane.store.database import Database

from .samples import app


@pytest.fixture
def database_url(empty_url: str) -> str:
    """Nothing is in it yet."""
    return empty_url


async def test_migrations_make_exactly_the_tables_the_code_uses(database_url: str) -> None:
    """From an empty database the migrations end at the tables of the code, with nothing left to change."""
    database = Database(database_url)
    migration.migrate(database)

    left = database.read_now(lambda c: compare_metadata(MigrationContext.configure(c), metadata))

    assert left == []
    database.close()


async def test_several_workers_may_start_at_once(database_url: str, tmp_path: Path) -> None:
    """Three processes' worth of stores open on the same empty database, and all of them work."""
    stores = await asyncio.gather(*(Store.open(database_url, logs=Logs(tmp_path)) for _ in range(3)))

    assert [await store.apps.all() for store in stores] == [(), (), ()]
    for store in stores:
        await store.close()


@pytest.mark.parametrize(
    "stored", ["sealane-data/repositories/shop.git", "/srv/old/repositories/shop.git", "../d/repositories/shop.git"]
)
async def test_a_hosted_repository_is_found_wherever_the_data_folder_is(
    database_url: str, tmp_path: Path, stored: str
) -> None:
    """Older versions stored the folder as it was called from where the server had been started."""
    database = Database(database_url)
    migration.migrate(database, to="0004")
    hosted = rows.fields(replace(app("shop"), repository=stored, hosted=True))
    other = rows.fields(app("other"))
    older = [{key: value for key, value in row.items() if key != "hook_old_until"} for row in (hosted, other)]
    database.write_now(lambda c: c.execute(sa.insert(apps), older))
    database.close()

    store = await Store.open(database_url, logs=Logs(tmp_path))

    assert (await store.apps.get("shop")).repository == "shop.git"
    assert (await store.apps.get("other")).repository == other["repository"]
    await store.close()


async def test_an_older_version_s_names_are_carried_along(database_url: str) -> None:
    """Columns, tables and what is kept as JSON; the whole history is shown in `test_older_data_folder`."""
    database = Database(database_url)
    migration.migrate(database, to="0022")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    moment = sa.DateTime(timezone=True)
    made = {"id": "r-1", "app": "shop", "sequence": 1, "kind": "push", "status": "refused"}
    json = {"event": sa.column("event", columns.Json), "findings": sa.column("findings", columns.Json)}
    runs = sa.table("runs", *(sa.column(name) for name in made), sa.column("created", moment), *json.values())
    older = [{"message": "m", "place": {"file": "f"}, "mend": "write it"}]
    groups = ("id", "app", "run_id")
    convoys = sa.table(
        "convoys",
        *(sa.column(name) for name in groups),
        sa.column("formations", columns.Json),
        sa.column("created", moment),
        sa.column("parallel", sa.Boolean),
    )

    def work(connection: sa.Connection) -> None:
        own = rows.fields(app("shop"))
        connection.execute(sa.insert(apps).values(own))
        connection.execute(sa.insert(runs).values({**made, "created": at, "event": {}, "findings": older}))
        group = {"id": "c-1", "app": "shop", "run_id": "r-1", "formations": ["eu", "us"]}
        connection.execute(sa.insert(convoys).values({**group, "created": at, "parallel": False}))

    database.write_now(work)
    migration.migrate(database)

    findings = database.read_now(lambda c: c.scalar(sa.select(run_tables.runs.c.findings)))
    assert findings == [{"message": "m", "place": {"file": "f"}, "hint": "write it"}]
    assert database.read_now(lambda c: c.scalar(sa.select(deployment_tables.release_groups.c.formations))) == [
        "eu",
        "us",
    ]
    database.close()
