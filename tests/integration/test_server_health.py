"""A server on PostgreSQL in three processes, and what each of them says of itself to whoever asks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from testbed.packages import postgres_program
from tests import pretending
from tests.serving import Serving, until


def sql(url: str, statement: str) -> None:
    subprocess.run([str(postgres_program("psql")), "--no-psqlrc", "-qc", statement, url], check=True, timeout=60)


def asked(server: Serving) -> tuple[int, dict[str, Any]]:
    answer = httpx.get(f"{server.url}/readyz", timeout=30, verify=False)
    return answer.status_code, answer.json()["checks"]


def reasons(server: Serving) -> dict[str, str]:
    """What is not ready, and why. The status says the same."""
    status, checks = asked(server)
    reasons_told = {name: part["reason"] for name, part in checks.items() if not part["ready"]}
    assert status == (503 if reasons_told else 200)
    return reasons_told


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The data folder, on a small disk of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def processes(tmp_path: Path, postgres_url: str, disk: Path) -> Iterator[tuple[Serving, Serving, Serving]]:
    settings = {**pretending.SETTINGS, "SEALANE_DATABASE": postgres_url, "SEALANE_WORKER__DEAD_AFTER": "4"}
    servers = tuple(Serving(tmp_path, settings, options=("--role", role)) for role in ("api", "worker", "worker"))
    yield servers  # type: ignore[misc] - three
    for server in reversed(servers):
        server.stop()


def fill(file: Path, leave: int) -> None:
    """Takes all the room of a disk, or all but so much of it."""
    with file.open("wb", buffering=0) as much, suppress(OSError):
        while os.statvfs(file).f_bavail * os.statvfs(file).f_frsize > leave:
            much.write(bytes(64 * 1024))


def test_a_server_says_what_keeps_it_from_its_work(
    processes: tuple[Serving, Serving, Serving], postgres_url: str, tmp_path: Path, disk: Path
) -> None:
    api, first, second = processes
    api.start()
    assert reasons(api) == {"workers": "no worker is alive"}
    for process in (first, second):
        process.token = api.token
        process.start()
    until("workers", lambda: not reasons(api))
    assert reasons(first) == {}

    pretending.environments(api, "shop")
    app = pretending.App(api, tmp_path / "shop", "shop")
    ends = []
    for number in range(4):
        commit = app.commit(f"version {number}")
        app.push()
        app.run_of(commit)
        if number == 1:
            first.kill()  # whatever it carried, the other one takes up
        ends.append(app.deployment("dev", commit)["verdict"]["kind"])
    assert ends == ["deployed"] * 4
    assert reasons(api) == {}, "one worker is enough"

    full = {"disk": "the data folder's disk is full"}
    for leave in (0, 8 * 1024**2):
        fill(disk / "much", leave)
        until("the full disk", lambda: reasons(api) == full)
        (disk / "much").unlink()
        until("room", lambda: not reasons(api))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    until("the disk that takes nothing", lambda: reasons(api) == {"disk": "the data folder can't be written"})
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)

    server, _, name = postgres_url.rpartition("/")
    sql(postgres_url, "UPDATE alembic_version SET version_num = 'of another version'")
    until("the migrations", lambda: "migrations" in reasons(api) or None)
    assert reasons(api) == {"migrations": "the database's tables are those of another version"}
    sql(f"{server}/postgres", f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    sql(f"{server}/postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    until("the database", lambda: {"database", "journal", "workers"} <= set(reasons(api)) or None)
    told = (
        httpx.get(f"{api.url}/readyz", timeout=60, verify=False).text
        + httpx.get(f"{api.url}/healthz", timeout=60, verify=False).text
    )
    assert name not in told, "what a driver says may hold addresses"
    assert httpx.get(f"{api.url}/healthz", timeout=60, verify=False).json() == {"alive": True}
    assert [httpx.head(f"{api.url}{path}", timeout=60).status_code for path in ("/healthz", "/readyz")] == [200, 503]
    sql(f"{server}/postgres", f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    until("the database again", lambda: set(reasons(api)) == {"migrations"} or None)
