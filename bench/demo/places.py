"""Where the demo keeps its things, and how it runs programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "01-hello"
HOME = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sealane" / "demo"
SEALANE = Path(sys.executable).with_name("sealane")
URL = "http://127.0.0.1:8480"

Found = TypeVar("Found")


class Broke(Exception):
    """The demo could not go on; the message says where."""


def run(*words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, given: str | None = None) -> str:
    """Runs a program to its end and gives what it printed. Raises Broke with its words when it failed."""
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **(env or {})}, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Broke(
            f"{' '.join(words[:4])} … ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def until(what: str, found: Callable[[], Found | None], *, within: float) -> Found:
    """Waits until there is something. Raises Broke when it takes too long."""
    deadline = time.monotonic() + within
    while True:
        result = found()
        if result is not None:
            return result
        if time.monotonic() > deadline:
            raise Broke(f"waited {within:.0f} s for {what}, in vain")
        time.sleep(0.1)


def start(name: str, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Starts a program that goes on, its output in a file, its id beside it."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=ROOT,
            start_new_session=True,
        )
    (HOME / f"{name}.pid").write_text(f"{process.pid} {_born(process.pid)}")
    return process


def end(name: str) -> bool:
    """Ends a program that `start` began, if it still runs and its id was not given to another."""
    path = HOME / f"{name}.pid"
    if not path.exists():
        return False
    pid, born = path.read_text().split()
    path.unlink()
    if _born(int(pid)) != born:
        return False
    os.kill(int(pid), signal.SIGTERM)
    try:
        until(f"{name} to end", lambda: None if _born(int(pid)) == born else True, within=15)
    except Broke:
        os.kill(int(pid), signal.SIGKILL)
    return True


def _born(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty when there is none, or only its shell is left."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def as_json(text: str) -> Any:
    """What a command printed with `--json`."""
    return json.loads(text)
