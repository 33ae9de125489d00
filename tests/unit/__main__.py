"""The pure tests, a lane a core: each is a pytest of its own that imports and runs its share of the files.

Tests this short cost xdist as much as they cost themselves. Words after `python -m tests.unit` go to each pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

_NONE: Final = 5
"""Pytest's code of a lane that has none of the tests asked for."""
_FOLDERS: Final = (Path("tests/unit"), Path("tests/architecture"))


def main(words: list[str]) -> int:
    """Tells what each lane printed once all have ended. Gives the exit code of the first that failed, or 0.

    Each lane has a folder of its own: pytests that share one delete each other's old files, and stumble over it.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lanes = {Path(folder, str(at)): share for at, share in enumerate(_shares(os.cpu_count() or 1))}
        started = [_start([*words, *share], printed) for printed, share in lanes.items()]
        codes = [lane.wait() for lane in started]
        for printed in lanes:
            sys.stdout.write(printed.read_text(errors="replace"))
    return next((code for code in codes if code not in {0, _NONE}), min(codes))


_COMPILED: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Where that is set, pytest would rewrite its plugins anew each time, before the tests' own configuration is read."""


def _start(words: list[str], printed: Path) -> subprocess.Popen[bytes]:
    color = "--color=yes" if sys.stdout.isatty() else "--color=no"
    with printed.open("wb") as output:
        argv = [sys.executable, "-m", "pytest", "-q", f"--basetemp={printed}.run", color, *words]
        return subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env=_COMPILED)


def _shares(number: int) -> list[list[str]]:
    """The folders in so many shares of about the same size, in bytes, as far as that tells how long they take.

    A folder stays together: its files import the same modules, and those of `architecture` parse all of them once.
    """
    folders: Counter[Path] = Counter()
    for folder in _FOLDERS:
        for path in folder.rglob("test_*.py"):
            folders[path.parent] += path.stat().st_size
    shares: list[tuple[int, list[Path]]] = [(0, []) for _ in range(number)]
    for path, size in folders.most_common():
        shares.sort(key=lambda share: share[0])
        shares[0] = (shares[0][0] + size, [*shares[0][1], path])
    return [sorted(str(file) for path in paths for file in path.glob("test_*.py")) for _, paths in shares if paths]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
