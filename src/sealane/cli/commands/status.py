"""`sealane status`: what is deployed where, and since when; from a server, or from this folder's ledgers."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from sealane.cli import headings, options, output
from sealane.errors import NotThere


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane status", "sealane status production", "sealane status shop/production")
    app.command("status", rich_help_panel=headings.ANYWHERE, epilog=more)(status)


def status(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            help="A formation of this folder, or an app or app/formation of the server.",
            show_default="everything",
            autocompletion=options.anything,
        ),
    ] = None,
    *,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: options.App = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep running, and print what changes.")] = False,
    as_json: output.Json = False,
) -> None:
    """Show what is deployed where, and how it fares.

    Without a server it asks each destination of this folder's formations for what was deployed from command lines, and
    how that fares now; a destination that does not answer is told, and nothing of it is known then.
    """
    from sealane.cli.local import formation_location
    from sealane.cli.remote import connection

    adapters = options.tables(ctx)
    what = what and formation_location.meant(what, folder, adapters)
    here = formation_location.names(folder)
    local = what in here if what else not connection.known()
    if not local:
        from sealane.cli.remote import status_report

        with formation_location.or_served(what, folder) if what else nullcontext():
            status_report.status(what, as_json=as_json)
            if watch:
                status_report.watch(what, as_json=as_json)
        return
    if not here and not as_json:
        hint = "`sealane init` writes one where there is a Dockerfile; `sealane login URL` lets a server answer"
        raise NotThere(f"no formation is in {folder.resolve()}, and no server is known", hint=hint)
    import asyncio

    from sealane.cli.local import local_status

    projects = [formation_location.formation(name, folder, adapters, app=app) for name in ([what] if what else here)]
    destinations = [
        formation_location.destination(project, config=config, kubeconfig=kubeconfig, context=context)
        for project in projects
    ]
    places = [(project, where) for project, (_, where) in zip(projects, destinations, strict=True)]
    asyncio.run(local_status.tell(places, whole=bool(what), watch=watch, as_json=as_json))
