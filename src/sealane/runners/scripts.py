"""The shell script that runs a step's commands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_KEEPER = (
    "trap 'kill -TERM -1 2>/dev/null' TERM; "
    '/bin/sh -ec "$1" & child=$!; '
    "wait $child; code=$?; "
    "while kill -0 $child 2>/dev/null; do wait $child; code=$?; done; "
    "exit $code"
)
"""The container's first process. The kernel spares that one every signal it does not ask for, and engines signal no
other: so it asks, passes TERM on to all the rest, and waits until the commands have ended, however they do."""

_SAY = "printf '%s\\n'"
"""Not echo, which in some shells reads backslashes."""

ENTRYPOINT = ("/bin/sh", "-c", _KEEPER, "step")
"""Takes a script as its argument, and ends as that does."""


def script(commands: Sequence[str]) -> str:
    """The commands as one script that says each before running it and ends at the first that fails.

    One shell runs all of them, so `cd` and `export` last. Asked to end, it first lets the command that runs end as that
    likes.
    """
    lines = ["trap 'exit 143' TERM"]
    lines += [line for command in commands for line in (f"{_SAY} {shlex.quote(said(command))}", command)]
    return "\n".join(lines) + "\n"


def said(command: str) -> str:
    """A command as the log shows it."""
    first, *more = command.strip("\n").splitlines() or [""]
    return "\n".join([f"+ {first}", *(f"  {line}" for line in more)])
