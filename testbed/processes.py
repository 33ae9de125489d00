"""The bed's daemons: started, recorded by id *and* start time, so that no stranger with a reused id is ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from testbed.errors import BedError
from testbed.layout import Layout
from testbed.waiting import until

MARK: Final = "SEALANE_BED_PROCESS"
"""Set to the bed's home in every daemon, and inherited by what it starts, such as shims and monitors."""


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A program that keeps running, and how to see that it answers."""

    name: str
    argv: tuple[str | Path, ...]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    patience: float = 120


@dataclass(frozen=True, kw_only=True)
class Process:
    """A started daemon. `born` is unique on this machine for as long as the process id is not reused."""

    name: str
    pid: int
    born: str

    @property
    def alive(self) -> bool:
        return born(self.pid) == self.born


def born(pid: int) -> str | None:
    """When `pid` was started, as boot id and clock ticks since then; None when it is gone or a zombie."""
    fields = _stat(pid)
    if fields is None or fields[0] in "ZX":
        return None
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{fields[19]}"


def ancestors() -> list[int]:
    """The process that started this one, the one that started that, and so on."""
    found: list[int] = []
    while fields := _stat(found[-1] if found else os.getpid()):
        if int(fields[1]) < 1:
            break
        found.append(int(fields[1]))
    return found


def environment(layout: Layout) -> dict[str, str]:
    """What a daemon sees of the environment: nothing of the caller's proxies, credentials or settings."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(layout.run / "home"),
        "TMPDIR": str(layout.run / "tmp"),
        "GOGC": "400",  # most are Go programs; they may use more memory and less of the processor
        MARK: str(layout.home),
    }


def start(layout: Layout, daemon: Daemon) -> Process:
    """Start `daemon` in a session of its own, its words going to a log file, and record it."""
    words = [str(word) for word in daemon.argv]
    if not shutil.which(words[0], path=environment(layout)["PATH"]):
        raise BedError(f"{words[0]} is missing")
    with (layout.logs / f"{daemon.name}.log").open("ab") as log:
        child = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**environment(layout), **daemon.env},
            cwd=layout.run,
            start_new_session=True,
        )
    process = Process(name=daemon.name, pid=child.pid, born=born(child.pid) or "died at once")
    record = layout.processes / f"{daemon.name}.json"
    record.with_suffix(".new").write_text(json.dumps(asdict(process)))
    record.with_suffix(".new").replace(record)
    return process


def wait_for(layout: Layout, daemon: Daemon) -> float:
    """Return the seconds until `daemon` answered; one that died, or never answers, is told with its last words."""
    process = recorded(layout)[daemon.name]

    def answers() -> bool:
        if not process.alive:
            raise BedError(f"{daemon.name} ended:\n{last_words(layout, daemon.name)}")
        return daemon.ready()

    return until(
        answers,
        within=daemon.patience,
        missed=lambda: (
            f"{daemon.name} did not answer within {daemon.patience:.0f} s:\n{last_words(layout, daemon.name)}"
        ),
    )


def last_words(layout: Layout, name: str) -> str:
    """The end of a daemon's log."""
    log = layout.logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(["  " + line[:400] for line in lines[-12:]] + [f"  (all of it: {log})"])


def recorded(layout: Layout) -> dict[str, Process]:
    """The daemons of this start by name, alive or not."""
    found = {}
    for record in sorted(layout.processes.glob("*.json")):
        try:
            process = Process(**json.loads(record.read_text()))
        except (ValueError, TypeError):
            continue  # half a record from a crash names no process; its owner is found by the mark instead
        found[process.name] = process
    return found


def stop(process: Process, *, by: signal.Signals = signal.SIGTERM, within: float = 10) -> None:
    """End `process`, first politely; it is gone when this returns."""
    if not _send(process, by):
        return
    deadline = time.monotonic() + within
    while process.alive and time.monotonic() < deadline:
        _reap(process.pid)
        time.sleep(0.02)
    if process.alive:
        _send(process, signal.SIGKILL)
        until(lambda: not process.alive, within=30, missed=lambda: f"{process.name} ({process.pid}) can't be ended")


def _stat(pid: int) -> list[str] | None:
    """The fields of a process from its state on."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The program's name, in parentheses, may hold spaces and parentheses itself.
    return text.rpartition(")")[2].split()


def _send(process: Process, number: signal.Signals) -> bool:
    if not process.alive:
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def _reap(pid: int) -> None:
    # Ours when `up` fails halfway and takes back what it started; the child of someone else otherwise.
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
