"""One store on each database, and the app that most tests put into it first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sealane.blobs.logs import Logs
from sealane.store.all_stores import Store

from .samples import app


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, bed: object, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sealane.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def store(database_url: str, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store that knows the app `shop`."""
    opened = await Store.open(database_url, logs=Logs(tmp_path / "logs"))
    await opened.apps.add(app("shop"), by="ann")
    yield opened
    await opened.close()
