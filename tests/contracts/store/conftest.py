"""One store on each database, and the app that most tests put into it first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sealane.blobs.logs import Logs
from sealane.store.all_stores import Store
from testbed.record import Bed
from tests import databases

from .kept_rows import KeptRows
from .samples import app


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest, bed: object) -> str:
    """Which database."""
    given: str = request.param
    return given


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    url: str = f"sqlite:///{tmp_path / 'sealane.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_postgres(bed: Bed) -> Iterator[databases.Emptied]:
    """A database with the tables of this version, which tests have one after the other."""
    with databases.fresh(bed.postgres_url) as url:
        yield databases.Emptied(url)


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest, bed: Bed, tmp_path: Path) -> Iterator[str]:
    """A database of each kind that has the tables, and nothing in them."""
    if kind == "sqlite":
        yield f"sqlite:///{databases.fill(tmp_path)}"
        return
    postgres: databases.Emptied = request.getfixturevalue("migrated_postgres")
    postgres.empty()
    yield postgres.url


@pytest.fixture(scope="session")
def kept() -> KeptRows:
    """What tests of one file put into the store first, told once."""
    return KeptRows()


@pytest.fixture
async def store(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store that knows the app `shop`."""
    opened = await Store.open(database_url, logs=Logs(tmp_path / "logs"))
    await opened.apps.add(app("shop"), by="ann")
    yield opened
    await opened.close()
