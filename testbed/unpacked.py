"""Programs of Debian's packages that are not installed, but unpacked into the cache and run from there."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from testbed.commands import run, succeeds
from testbed.errors import BedError

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sealane" / "unpacked"


def program(path: str, package: str, *needs: str) -> Path:
    """A program of the package, which is fetched with what it needs and unpacked the first time. Raises BedError."""
    unpacked = CACHE / package
    found = unpacked / path
    if found.exists():
        return found
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        fetch = ["sh", "-c", f"cd {scratch} && apt-get download {' '.join((package, *needs))}"]
        if not succeeds(fetch, within=300):
            run(["apt-get", "update"], within=600)
            run(fetch, within=300)
        for archive in Path(scratch).glob("*.deb"):
            run(["dpkg", "--extract", archive, Path(scratch) / "root"])
        with suppress(OSError):  # another lane was quicker, and runs what it has
            (Path(scratch) / "root").rename(unpacked)
    if not found.exists():
        raise BedError(f"Debian's package {package} has no {path}")
    return found
