"""The shell script that runs a step's commands. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

SHELL = ("/bin/sh", "-ec")
"""Ends at the first command that fails; one shell for all, so `cd` and `export` last."""


def script(commands: Sequence[str]) -> str:
    """The commands as one script that says each before running it.

    The shell is the container's first process, which the kernel spares signals it does not ask for: it asks.
    """
    lines = ["trap 'exit 143' TERM"]
    for command in commands:
        lines += (f"echo {shlex.quote(said(command))}", command)
    return "\n".join(lines) + "\n"


def said(command: str) -> str:
    """A command as the log shows it."""
    first, *more = command.strip("\n").splitlines() or [""]
    return "\n".join([f"+ {first}", *(f"  {line}" for line in more)])
