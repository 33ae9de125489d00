"""A real git host for tests: Gitea on a database of the bed's PostgreSQL, run only by tests that ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from testbed import golang
from testbed.commands import run
from testbed.layout import Layout
from testbed.on_demand import free_port, running
from testbed.probes import answers

ADMINISTRATOR = "gitea-admin"
_CONFIG = """WORK_PATH = {folder}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {static}
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = postgres
HOST = {database.hostname}:{database.port}
NAME = {name}
USER = {database.username}
[security]
INSTALL_LOCK = true
[webhook]
ALLOWED_HOST_LIST = *
[log]
LEVEL = warn
[indexer]
ISSUE_INDEXER_TYPE = db
[cron]
ENABLED = false
[actions]
ENABLED = false
[packages]
ENABLED = false
"""

_ADMINISTRATOR = (
    "--admin",
    f"--username={ADMINISTRATOR}",
    "--random-password",
    "--email=admin@example.com",
    "--must-change-password=false",
    "--access-token",
    "--access-token-scopes=all",
)


@dataclass(frozen=True, kw_only=True)
class Gitea:
    """One that answers."""

    url: str
    token: str = field(repr=False)
    """The administrator's, for all of its API."""


@contextmanager
def gitea(layout: Layout, folder: Path, database: str) -> Iterator[Gitea]:
    """A Gitea with nothing in it but its administrator, on a fresh database; its hooks may call any host."""
    program = golang.path_of(layout, golang.GITEA)
    port = free_port()
    found = urlsplit(database)
    config = folder / "app.ini"
    config.write_text(
        _CONFIG.format(
            folder=folder, port=port, static=program.parent, database=found, name=found.path.removeprefix("/")
        )
    )
    argv: list[str | Path] = [program, "--config", config]
    url = f"http://127.0.0.1:{port}"
    with running([*argv, "web"], folder, answers=lambda: answers(f"{url}/api/v1/version")):
        yield Gitea(url=url, token=run([*argv, "admin", "user", "create", *_ADMINISTRATOR]).split()[-1])
