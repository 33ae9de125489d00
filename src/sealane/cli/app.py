"""The command line's commands, and their order under each heading.

A module of `commands` named in COMMANDS has `add_to(app)`, which registers its command. It imports only typer and
`output` at its top, and the rest when it runs: `sealane --help` loads no server, database or cluster client, and a
command loads no other command.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sealane.cli import headings

COMMANDS: Mapping[str, str] = {
    "init": "init",
    "import": "import_files",
    "validate": "validate",
    "run": "run",
    "render": "render",
    "vet": "vet",
    "diff": "diff",
    "secrets": "secrets",
    "deploy": "deploy",
    "release": "release",
    "status": "status",
    "drift": "drift",
    "why": "why",
    "rollback": "rollback",
    "schema": "schema",
    "login": "login",
    "app": "apps",
    "user": "users",
    "token": "tokens",
    "access": "access",
    "insights": "insights",
    "watch": "watch",
    "cancel": "cancel",
    "rerun": "rerun",
    "approve": "approve",
    "gate": "gate",
    "notices": "notices",
    "logs": "logs",
    "erase-logs": "erase_logs",
    "scale": "scale",
    "restart": "restart",
    "serve": "serve",
    "role": "role",
    "destination": "destination",
    "relay": "relay",
}
"""The module of each command."""


class _Headings(TyperGroup):
    """Lists commands under their headings, in the order in which they were added."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes one list a heading; commands without one come last."""
        listed = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, command) for name, command in listed if command is not None and not command.hidden]
        if not shown:
            return
        column = max(len(name) for name, _ in shown)
        for heading in (*headings.ALL, None):
            rows = [
                (name.ljust(column), command.get_short_help_str(formatter.width - column - 6))
                for name, command in shown
                if heading_of(command) == heading
            ]
            if rows:
                with formatter.section(heading or "Commands"):
                    formatter.write_dl(rows)


def heading_of(command: Any) -> str | None:
    """The heading under which a command is listed, or None."""
    panel = getattr(command, "rich_help_panel", None)
    return panel if panel in headings.ALL else None


def _show_version(wanted: bool) -> None:
    if wanted:
        from sealane import __version__

        print(f"sealane {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; SEALANE_DEBUG=1 does the same.")
    ] = False,
) -> None:
    """From a git push to a verified, observed, reversible release."""
    del version
    if debug:
        os.environ["SEALANE_DEBUG"] = "1"


def command(arguments: Sequence[str] = ()) -> Any:
    """The command line for these arguments; when they begin with a command, it loads only that one."""
    app = typer.Typer(
        cls=_Headings,
        no_args_is_help=True,
        rich_markup_mode=None,  # the framed help takes three times as long to show
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_options)
    asked = [COMMANDS[word] for word in arguments[:1] if word in COMMANDS]
    for name in asked or COMMANDS.values():
        importlib.import_module(f"sealane.cli.commands.{name}").add_to(app)
    return typer.main.get_command(app)
