"""The shell script that runs a step's commands. Pure.

The shell is the container's first process, as with `podman run IMAGE sh -e -c`: one that were started in the background
of another shell would ignore SIGINT and SIGQUIT, and with it all that it starts, for good.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_ARGUMENT = 100_000
"""Bytes of a script that is handed over as an argument; the kernel takes 131,071 in one."""

FILE = "/.sealane-script"
"""Where a longer script is put into the container."""

ENTRYPOINT = ("/bin/sh", "-e")

STOP = ("/bin/sh", "-c", "kill -TERM -1")
"""Run beside the script, it asks everything but the first process to end: engines signal only that one."""

_READS = re.compile(rb"(?:\A|\n)\+ (?:[^\n]*\n  )*(?:IFS=\S* )?read\b[^\n]*(?:\n(?!\+ )[^\n]*)*\Z")
_SAY = "printf '%s\\n'"
"""Not echo, which in some shells reads backslashes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """What the entry point is given, and what has to lie in the container for it."""

    arguments: tuple[str, ...]
    file: bytes | None = None
    """What has to lie at FILE."""


def handed_over(commands: Sequence[str]) -> Script:
    """The commands' script as an argument, or as a file where it is too long for one."""
    text = script(commands)
    data = text.encode()
    if len(data) <= LONGEST_ARGUMENT:
        return Script(arguments=("-c", text, "sh"))
    return Script(arguments=("-c", f". {FILE}", "sh"), file=data)


def script(commands: Sequence[str]) -> str:
    """The commands as one script that says each before running it and ends at the first that fails.

    One shell runs all of them, so `cd` and `export` last. Asked to end, it lets what runs end first, as that likes; the
    kernel would not tell a first process that asks for no signal.
    """
    lines = ["trap 'wait; exit 143' TERM"]
    lines += [line for command in commands for line in (f"{_SAY} {shlex.quote(said(command))}", command)]
    return "\n".join(lines) + "\n"


def said(command: str) -> str:
    """A command as the log shows it."""
    first, *more = command.strip("\n").splitlines() or [""]
    return "\n".join([f"+ {first}", *(f"  {line}" for line in more)])


def reads_input(log: bytes) -> bool:
    """Whether the last command that a log's end shows is `read`, which fails where there is no input."""
    return bool(_READS.search(log))
