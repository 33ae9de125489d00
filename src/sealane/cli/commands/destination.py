"""`sealane destination policy`: the rights that Sealane needs where a destination is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sealane.cli import headings, options, output


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Destinations as operators' files name them.")
    more = output.examples("sealane destination policy frankfurt --config /etc/sealane --bundles builds > policy.json")
    group.command("policy", epilog=more)(policy)
    app.add_typer(group, name="destination", rich_help_panel=headings.RUNNING)


def policy(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The destination.", autocompletion=options.destinations)],
    config: options.EnvironmentsFolder = Path(),
    bundles: Annotated[
        list[str] | None,
        typer.Option(help="A further bucket from which bundles are deployed; may be repeated.", metavar="BUCKET"),
    ] = None,
) -> None:
    """Print the IAM policy that a destination in AWS needs: the calls that Sealane makes, and no more.

    It is for the applications that the operators' files open to apps. It asks nobody and changes nothing.
    """
    from sealane.cli.local import local_formation
    from sealane.destinations.port import DestinationAdapter
    from sealane.errors import UsageError
    from sealane.findings import did_you_mean

    tables = options.tables(ctx)
    environments = local_formation.environments(config, tables)
    named = [environment for environment in environments.values() if name in environment.destinations]
    if not named:
        known = {destination for environment in environments.values() for destination in environment.destinations}
        raise UsageError(f"no environment has the destination {name}", hint=did_you_mean(name, known))
    written = {environment.destinations[name].written for environment in named}
    adapter = tables.destinations.get(named[0].destinations[name].kind, DestinationAdapter)
    if adapter.permissions is None:
        hint = "the docs of its kind tell the rights it needs; sealane role prints those in a cluster"
        raise UsageError(f"no IAM policy can be printed for {name}: its kind has none", hint=hint)
    if len(written) > 1:
        raise UsageError(f"environments name different destinations {name}", hint="give each its own name")
    spaces = sorted({space for env in named for limits in env.apps.values() for space in limits.namespaces})
    output.json(adapter.permissions(written.pop(), spaces, bundles or []))
