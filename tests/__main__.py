"""Every test: most of them in lanes side by side on one test bed, then those that want the machine for themselves.

Most tests wait for a cluster, an engine or a browser, so three lanes fill two cores. Words after `python -m tests` go to
pytest both times.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

LANES: Final = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder", "-m", "not alone")
ALONE: Final = ("-m", "alone")
_SLOWEST: Final = ("--durations=25", "--durations-min=5")


def main(words: list[str]) -> int:
    """Runs both parts, also when the first one fails. Gives the exit code of the first that failed, or 0."""
    was_up = _testbed("status", quiet=True) == 0
    if _testbed("up"):
        return 1
    try:
        codes = [_pytest(*part, *_SLOWEST, *words) for part in (LANES, ALONE)]
    finally:
        if not was_up:
            _testbed("down")
    return next((code for code in codes if code), 0)


def _testbed(command: str, *, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        [sys.executable, "-m", "testbed", command], stdout=output, stderr=output, check=False
    ).returncode


def _pytest(*words: str) -> int:
    whole = {"HYPOTHESIS_PROFILE": "whole", **os.environ}
    return subprocess.run([sys.executable, "-m", "pytest", *words], env=whole, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
