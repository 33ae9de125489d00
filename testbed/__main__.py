"""The command line: `python3 -m testbed up|down|status|env|peers`."""

from __future__ import annotations

import argparse
import fcntl
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from testbed import golang, health, machine, record, sessions, start, stop
from testbed.errors import BedError
from testbed.layout import Layout

_COMMANDS = {
    "up": "start what is missing; returns at once when all of it runs",
    "down": "end it and leave nothing behind but what is cached",
    "status": "say whether it is whole, and what is wrong with it; exit code 1 when it is not",
    "env": "print its addresses as shell exports",
    "peers": "build the programs that benches compare with",
}


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(
        prog="python3 -m testbed",
        description="A real Kubernetes, registry, container engine and PostgreSQL on this machine.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:8}{meaning}" for name, meaning in _COMMANDS.items()),
    )
    parser.add_argument("command", choices=_COMMANDS)
    parser.add_argument("--lean", action="store_true", help="up: without PostgreSQL and Docker's engine, for the demo")
    given = parser.parse_args()
    try:
        return _run(given.command, Layout.from_environment(), lean=given.lean)
    except BedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("testbed: interrupted; `up` repairs what is half there, `down` removes it", file=sys.stderr)
        return 130


def _run(command: str, layout: Layout, *, lean: bool) -> int:
    if command == "env":
        bed = record.read(layout.record)
        for name, value in bed.variables().items():
            print(f"export {name}={shlex.quote(value)}")
        print(f'export PATH={shlex.quote(bed.bin)}:"$PATH"')
        return 0
    if command == "peers":
        golang.build(layout, golang.PEERS)
        for program in golang.PEERS:
            print(golang.path_of(layout, program))
        return 0
    # Before there is root: what is built belongs to whoever owns the cache.
    for folder in (layout.home, layout.cache):
        folder.mkdir(parents=True, exist_ok=True)
    machine.become_root(layout)
    machine.see_control_groups()
    if command == "status":
        return _status(layout)
    with _alone(layout):
        return _up(layout, lean=lean) if command == "up" else _down(layout)


def _up(layout: Layout, *, lean: bool) -> int:
    begun = time.monotonic()
    if health.traces(layout):
        wrong = health.problems(layout)
        if not wrong:
            if not lean:
                start.start_beside(layout)
            start.restock(layout, lean=lean)
            sessions.join(layout)
            print(f"the bed is up ({time.monotonic() - begun:.1f} s to see)")
            return 0
        print("the bed is not whole and is replaced:\n" + "\n".join(f"  {problem}" for problem in wrong), flush=True)
        stop.stop_all(layout)
    start.prepare(layout, lean=lean)
    print("starting", flush=True)
    ready = time.monotonic()
    try:
        start.start_all(layout, lean=lean)
    except BaseException:
        logs = layout.home / "failed-logs"
        shutil.rmtree(logs, ignore_errors=True)
        if layout.logs.exists():
            shutil.copytree(layout.logs, logs)
            print(f"testbed: it did not start; the logs are in {logs}", file=sys.stderr)
        stop.stop_all(layout)
        raise
    machine.hand_over(layout)
    sessions.begin(layout)
    print(f"the bed is up: {time.monotonic() - ready:.1f} s, described in {layout.record}")
    return 0


def _down(layout: Layout) -> int:
    begun = time.monotonic()
    if not health.traces(layout):
        print("there was no bed to end")
        return 0
    if not sessions.leave(layout):
        return 0
    stop.stop_all(layout)
    print(f"the bed is down ({time.monotonic() - begun:.1f} s)")
    return 0


def _status(layout: Layout) -> int:
    if not health.traces(layout):
        print("the bed is not up")
        return 1
    wrong = health.problems(layout)
    print("\n".join(wrong) if wrong else f"the bed is up; {layout.record} describes it")
    return 1 if wrong else 0


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the bed, so that no two commands start and end parts of it at once."""
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another command works on this bed; waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
