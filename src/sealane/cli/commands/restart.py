"""`sealane restart`: all instances of a workload anew, as a deployment like any other."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import client


def restart(
    what: Annotated[str, typer.Argument(help="app/formation.", autocompletion=options.served_places)],
    workload: Annotated[str, typer.Argument(help="The workload's name, such as web.")],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the deployment to its end.")] = True,
    as_json: output.Json = False,
) -> None:
    """Make all instances of a workload anew."""
    app, formation = client.place(what)
    client.restart(app, formation, workload, wait=wait, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Adds `restart`."""
    examples = output.examples("sealane restart shop/production web")
    app.command("restart", rich_help_panel=headings.SERVER, epilog=examples)(restart)
