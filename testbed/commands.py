"""Running a program to its end."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from testbed.errors import BedError


def run(
    argv: Sequence[str | Path],
    *,
    given: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    within: float = 120,
) -> str:
    """Run `argv` and return its standard output; a failure is a `BedError` with its last words."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, input=given, env=env, cwd=cwd, timeout=within, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BedError(f"{words[0]} is missing; `python3 -m testbed up` installs what it needs when root") from error
    except subprocess.TimeoutExpired as error:
        raise BedError(f"{shlex.join(words)} did not end within {within:.0f} s") from error
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise BedError(f"{shlex.join(words)} ended with {done.returncode}:\n{said}")
    return done.stdout


def succeeds(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, within: float = 30) -> bool:
    """Say whether `argv` ends well; whatever goes wrong is a no."""
    try:
        run(argv, env=env, within=within)
    except BedError:
        return False
    return True
