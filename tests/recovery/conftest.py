"""Databases for worlds."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from testbed.packages import postgres_program

from .killing import Copying


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, bed: Any) -> str | None:
    """An empty PostgreSQL database, or None for SQLite in the world's own folder."""
    url: str | None = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return url


@pytest.fixture
def copying(bed: Any) -> Iterator[Copying]:
    """Makes copies of databases, and drops them afterwards."""
    made: list[tuple[str, str]] = []

    def copy(database: str | None) -> str | None:
        if database is None:
            return None
        server, _, original = database.rpartition("/")
        name = f"t_{secrets.token_hex(6)}"
        _sql(f"{server}/postgres", f"CREATE DATABASE {name} TEMPLATE {original}")
        made.append((server, name))
        return f"{server}/{name}"

    yield copy
    for server, name in made:
        _sql(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


def _sql(url: str, statement: str) -> None:
    argv = [str(postgres_program("psql")), "--no-psqlrc", "--quiet", f"--command={statement}", url]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)
