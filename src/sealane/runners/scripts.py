"""The shell script that runs a step's commands. Pure.

The shell is the container's first process, as with `podman run IMAGE sh -e -c`. A shell in the background of another one
would always ignore SIGINT and SIGQUIT, and so would all its children.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_ARGUMENT = 100_000
"""Most bytes of a script that is passed as an argument; the kernel allows 131,071."""

FILE = "/.sealane-script"
"""The path of a longer script in the container."""

ENTRYPOINT = ("/bin/sh", "-e")

STOP = ("/bin/sh", "-c", "kill -TERM -1")
"""Runs beside the script and asks all processes except the first to end: engines signal only that one."""

_READS = re.compile(rb"(?:\A|\n)\+ (?:[^\n]*\n  )*(?:IFS=\S* )?read\b[^\n]*(?:\n(?!\+ )[^\n]*)*\Z")
_SAY = "printf '%s\\n'"
"""Not echo, which interprets backslashes in some shells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """The arguments of the entry point, and the file that the container needs for it."""

    arguments: tuple[str, ...]
    file: bytes | None = None
    """The content of FILE."""


def handed_over(commands: Sequence[str]) -> Script:
    """The commands' script as an argument, or as a file if it is too long."""
    text = script(commands)
    data = text.encode()
    if len(data) <= LONGEST_ARGUMENT:
        return Script(arguments=("-c", text, "sh"))
    return Script(arguments=("-c", f". {FILE}", "sh"), file=data)


def script(commands: Sequence[str]) -> str:
    """The commands as one script that prints each before running it and ends at the first that fails.

    One shell runs all of them, so `cd` and `export` last. When asked to end, it waits for the running command; it needs a
    trap for that, because the kernel sends a first process only signals that it handles.
    """
    lines = ["trap 'wait; exit 143' TERM"]
    lines += [line for command in commands for line in (f"{_SAY} {shlex.quote(shown_command(command))}", command)]
    return "\n".join(lines) + "\n"


def shown_command(command: str) -> str:
    """A command as the log shows it."""
    first, *more = command.strip("\n").splitlines() or [""]
    return "\n".join([f"+ {first}", *(f"  {line}" for line in more)])


def reads_input(log: bytes) -> bool:
    """Whether the last command in a log's end is `read`, which fails without input."""
    return bool(_READS.search(log))
