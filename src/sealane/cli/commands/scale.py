"""`sealane scale`: more or fewer instances of what is there, as a deployment like any other."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import client


def scale(
    what: Annotated[str, typer.Argument(help="app/formation.", autocompletion=options.served_places)],
    workload: Annotated[str, typer.Argument(help="The workload's name, such as web.")],
    replicas: Annotated[int, typer.Argument(min=0, help="The number of instances.")],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the deployment to its end.")] = True,
    as_json: output.Json = False,
) -> None:
    """Change how many instances of a workload run."""
    app, formation = client.place(what)
    client.scale(app, formation, workload, replicas, wait=wait, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Adds `scale`."""
    app.command(
        "scale", rich_help_panel=headings.SERVER, epilog=output.examples("sealane scale shop/production web 6")
    )(scale)
