"""What the bed has beside the cluster, for tests only: a lean bed does without, and each is started anew by itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import health, packages, parts, postgres, processes, start
from testbed.layout import Layout
from testbed.processes import Daemon

# What starts daemons ends before they do.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <function Popen.__del__")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(home=tmp_path, cache=tmp_path / "cache")
    for folder in (layout.processes, layout.logs):
        folder.mkdir(parents=True)
    return layout


@pytest.fixture
def beside(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two daemons beside, and the names of those that had their files written, in order."""
    written: list[str] = []
    monkeypatch.setattr(packages, "missing", lambda **_: [])
    monkeypatch.setattr(health, "_PATIENCE", 0.2)
    monkeypatch.setattr(parts, "beside", lambda _: [daemon(layout, "docker"), daemon(layout, "postgres")])
    files = {name: lambda _, name=name: written.append(name) for name in ("docker", "postgres")}
    monkeypatch.setattr(start, "_FILES_OF", files)
    yield written
    for process in processes.recorded(layout).values():
        processes.stop(process)


def daemon(layout: Layout, name: str) -> Daemon:
    """One that answers once it has written a file, until somebody removes that."""
    answer = layout.home / name
    return Daemon(name=name, argv=("sh", "-c", f"touch {answer}; exec tail -f /dev/null"), ready=answer.exists)


def pids(layout: Layout) -> dict[str, int]:
    return {name: process.pid for name, process in processes.recorded(layout).items()}


def test_what_answers_is_left_alone(layout: Layout, beside: list[str]) -> None:
    start.start_beside(layout)
    first = pids(layout)

    start.start_beside(layout)

    assert sorted(first) == sorted(beside) == ["docker", "postgres"]
    assert pids(layout) == first


@pytest.mark.parametrize("name", ["docker", "postgres"])
def test_what_hangs_is_ended_before_another_takes_its_files(layout: Layout, beside: list[str], name: str) -> None:
    start.start_beside(layout)
    first = pids(layout)
    beside.clear()
    (layout.home / name).unlink()

    start.start_beside(layout)

    assert beside == [name]
    assert {other for other, pid in pids(layout).items() if pid != first[other]} == {name}
    assert processes.born(first[name]) is None


def test_a_lean_bed_needs_no_package_that_only_tests_want(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_there", lambda _: False)

    whole, lean = (set(packages.missing(cluster=True, lean=lean)) for lean in (False, True))

    assert whole - lean == set(packages.FOR_TESTS)
    assert {"podman", "git", "docker-registry", "etcd-server", "containerd"} <= lean


def test_every_part_beside_has_its_files_written() -> None:
    layout = Layout(home=Path("/nowhere"), cache=Path(os.devnull))

    assert {daemon.name for daemon in parts.beside(layout)} == set(start._FILES_OF)


def test_a_killed_databases_segment_goes_with_its_folder(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the folder says which segment it is, so it has to go before a fresh folder is made."""
    made = subprocess.run(["ipcmk", "--shmem", "64"], capture_output=True, text=True, check=True).stdout.split()[-1]
    layout.postgres.mkdir()
    lines = ["7", str(layout.postgres), "0", "1", "", "127.0.0.1", f"  123 {made}", "ready"]
    (layout.postgres / "postmaster.pid").write_text("\n".join(lines))
    monkeypatch.setattr(postgres, "run", lambda *_, **__: "")  # initdb

    postgres.write_files(layout)

    segments = [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    assert made not in segments
    assert not list(layout.postgres.iterdir())
