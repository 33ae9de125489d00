"""`sealane rollback`: back to a revision that was verified; with a server, or without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output
from sealane.cli.commands import deploy
from sealane.errors import UsageError

if TYPE_CHECKING:
    from sealane.stencils.model import Revision


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane rollback dev",
        "sealane rollback production --to 7",
        "sealane rollback shop/production --to 4f7c2d1",
    )
    app.command("rollback", rich_help_panel=headings.ANYWHERE, epilog=more)(rollback)


def rollback(
    ctx: typer.Context,
    what: deploy.What,
    *,
    to: Annotated[
        str | None,
        typer.Option(help="A verified revision: its number in `sealane status`, or the beginning of its id."),
    ] = None,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: options.App = None,
    yes: deploy.Yes = False,
    take_over: deploy.TakeOver = False,
    wait: deploy.Wait = True,
    lift_hold: Annotated[
        bool, typer.Option("--lift-hold", help="Don't roll back; lift the hold that a failure set (with a server).")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Go back to a verified revision.

    It is deployed again as it was, with its configuration, secrets and the objects that were deleted since, and judged
    like any deployment; a rollback that fails is not rolled back. Without --to it is the verified revision before the
    one that is there now.
    """
    from sealane.cli.local import formation_location
    from sealane.cli.remote import client

    adapters = options.tables(ctx)
    what = formation_location.meant(what, folder, adapters)
    if "/" in what:
        place, formation = client.place(what)
        if lift_hold:
            client.lift_hold(place, formation)
            return
        client.rollback(place, formation, to=to, wait=wait, as_json=as_json)
        return
    if lift_hold:
        raise UsageError("only a server sets holds", hint="name it as app/formation, such as shop/production")
    from sealane.cli.local import admission, deploy_session

    project = formation_location.formation(what, folder, adapters, app=app)
    environment, where = formation_location.destination(project, config=config, kubeconfig=kubeconfig, context=context)
    packs = config or folder
    permitted = deploy_session.permitted(environment, packs, confirmed=yes, take_over=take_over)

    def check(revision: Revision) -> None:
        admission.check(revision, environment, packs, yes=yes)

    deploy_session.rollback(project, where, to, permitted, environment=environment, check=check, as_json=as_json)
