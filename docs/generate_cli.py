"""Writes docs/cli.md: the help of every command, as `sealane --help` and its kin print it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealane.cli import app, headings

PAGE = Path(__file__).with_name("cli.md")

BEGINNING = """\
# The command line

Data goes to stdout, talk to stderr. Every command that shows something takes `--json` and then prints one JSON document.
Colours are for terminals only; `NO_COLOR=1` takes them away.

| exit code | meaning |
|---|---|
| 0 | as asked |
| 1 | your own failure: a step failed, a policy denied, a release was rolled back; `diff` with differences |
| 2 | wrong usage, or files with findings |
| 3 | Sealane, the engine, the cluster or the server could not do it |
| 130 | interrupted |
| 141 | whoever read the output has gone, as in `sealane schema \\| head -1` |

An error says what went wrong and how to fix it. What it says of a bug in Sealane is one line; `--debug` in front of the
command, or `SEALANE_DEBUG=1`, adds the traceback.

`sealane --install-completion` teaches your shell to complete commands, options and names.

This page is written by `make docs` from the commands' own help.
"""


def page() -> str:
    """The whole page, as it should be."""
    os.environ["COLUMNS"] = "100"
    os.environ["NO_COLOR"] = "1"
    root = app.command()
    context = root.make_context("sealane", [], resilient_parsing=True)
    sections = [BEGINNING, _help(context)]
    commands = [(name, root.get_command(context, name)) for name in root.list_commands(context)]
    for heading in (*headings.ALL, None):
        here = [(name, each) for name, each in commands if not each.hidden and app.heading_of(each) == heading]
        if here:
            sections.append(f"## {heading or 'More'}\n")
            sections += [text for name, each in here for text in _command(context, name, each)]
    return "\n".join(sections)


def _command(parent: Any, name: str, command: Any) -> Iterator[str]:
    """One command's help, and that of the commands below it."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield f"### {context.command_path}\n"
    yield _help(context)
    for below in getattr(command, "commands", {}):
        each = command.get_command(context, below)
        if not each.hidden:
            yield from _command(context, below, each)


def _help(context: Any) -> str:
    lines = [line.rstrip() for line in context.get_help().splitlines()]
    return "```text\n" + "\n".join(lines).strip() + "\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page())
