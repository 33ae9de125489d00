"""Every test: most of them in lanes side by side on one test bed, then those that want no lanes beside them.

Some tests wait for a cluster, an engine or a browser, so three lanes fill two cores; a fourth made each test slower and
the whole no faster. The second part takes two files at a
time: whole beds that start and end, and the demo, which mostly waits. Words after `python -m tests` go to pytest both
times; without any, the second part is given its files, since collecting all others takes longer than some of its tests.
Tests of the bed's own traces start whole beds for minutes: when nothing of `testbed/` has changed since
they passed with the programs that are built here, they are left out.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from testbed.layout import Layout

LANES: Final = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder", "-m", "not alone")
ALONE: Final = ("-m", "alone", "--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder")
_TRACES: Final = "tests/integration/test_testbed_traces.py"
_ROOT: Final = Path(__file__).parents[1]
_SLOWEST: Final = ("--durations=25", "--durations-min=5")


def main(words: list[str]) -> int:
    """Runs both parts, also when the first one fails. Gives the exit code of the first that failed, or 0."""
    was_up = _testbed("status", quiet=True) == 0
    if _testbed("up"):
        return 1
    passed, digest = Layout.from_environment().cache / "traces-passed", _digest()
    known = not words and passed.exists() and passed.read_text() == digest
    try:
        codes = [
            _pytest(*LANES, *_SLOWEST, *words),
            _pytest(*ALONE, *_SLOWEST, *(words or [file for file in alone() if not (known and file == _TRACES)])),
        ]
    finally:
        if not was_up:
            _testbed("down")
    if known:
        print(f"left out: {_TRACES}, which passed with this testbed/ before")
    elif not words and not codes[-1]:
        passed.write_text(digest)
    return next((code for code in codes if code), 0)


def alone() -> list[str]:
    """The files that have tests of the second part."""
    files = (path for path in (_ROOT / "tests").rglob("test_*.py") if "mark.alone" in path.read_text())
    return sorted(str(path.relative_to(_ROOT)) for path in files)


def _digest() -> str:
    """Of everything that makes a bed, and of the tests of its traces."""
    files = [path for path in (_ROOT / "testbed").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    whole = hashlib.sha256()
    for path in sorted([*files, _ROOT / _TRACES]):
        whole.update(f"{path.relative_to(_ROOT)} {path.stat().st_size} ".encode() + path.read_bytes())
    return whole.hexdigest()


def _testbed(command: str, *, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        [sys.executable, "-m", "testbed", command], stdout=output, stderr=output, check=False
    ).returncode


def _pytest(*words: str) -> int:
    """In a folder of its own: pytests that share one delete each other's old files, and stumble over it."""
    whole = {"HYPOTHESIS_PROFILE": "whole", **os.environ}
    whole.pop("PYTHONDONTWRITEBYTECODE", None)  # pytest would rewrite its plugins anew each time
    with tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True) as folder:
        argv = [sys.executable, "-m", "pytest", f"--basetemp={folder}/run", *words]
        return subprocess.run(argv, env=whole, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
