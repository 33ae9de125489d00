"""Databases for worlds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests import databases

from .killing import Copying


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, bed: Any) -> str | None:
    """An empty PostgreSQL database, or None for SQLite in the world's own folder."""
    url: str | None = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return url


@pytest.fixture
def copying(bed: Any) -> Iterator[Copying]:
    """Makes copies of databases, and drops them afterwards."""
    with ExitStack() as made:

        def copy(database: str | None) -> str | None:
            if database is None:
                return None
            return made.enter_context(databases.fresh(database, like=database.rpartition("/")[2]))

        yield copy
