"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from sealane import paths

if TYPE_CHECKING:
    from sealane.adapters import Adapters

_PATIENCE = 1.0
"""Seconds."""


def tables(ctx: typer.Context) -> Adapters:
    """The tables of adapters that the command line was started with."""
    return cast("Adapters", ctx.obj)


def formations(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names for the shell's completion."""
    from sealane.configfiles.trees import FolderTree
    from sealane.formations import formation_names

    names = formation_names.names(FolderTree(path(ctx.params.get("folder") or ".")))
    return [name for name in names if name.startswith(incomplete)]


def places(ctx: typer.Context, incomplete: str) -> list[str]:
    """For the shell: formations of the folder, and app/formation of the server when one is signed in to."""
    return [*formations(ctx, incomplete), *served_places(incomplete)]


def anything(ctx: typer.Context, incomplete: str) -> list[str]:
    """For the shell: the same, and apps."""
    return [*formations(ctx, incomplete), *served(incomplete)]


def served_places(incomplete: str) -> list[str]:
    """For the shell: app/formation of the server."""
    return [name for name in served(incomplete) if "/" in name]


def served(incomplete: str) -> list[str]:
    """For the shell: apps and app/formation of the server."""
    rows = _asked("/api/formations")
    names = dict.fromkeys(name for row in rows for name in (row["app"], f"{row['app']}/{row['formation']}"))
    return [name for name in names if name.startswith(incomplete)]


def served_apps(incomplete: str) -> list[str]:
    """For the shell: apps of the server, also undelivered ones."""
    return [name for name in (str(app["name"]) for app in _asked("/api/apps")) if name.startswith(incomplete)]


def destinations(ctx: typer.Context, incomplete: str) -> list[str]:
    """For the shell: destinations that the operators' files of the folder name."""
    from sealane.environments import config_folder
    from sealane.errors import SealaneError

    try:
        environments, _ = config_folder.gather(path(ctx.params.get("config") or "."), adapters=tables(ctx))
    except SealaneError:
        return []
    names = sorted({name for environment in environments.values() for name in environment.destinations})
    return [name for name in names if name.startswith(incomplete)]


def _asked(address: str) -> list[dict[str, Any]]:
    """The server's answer; empty where it does not answer at once, since somebody waits."""
    from sealane.cli.remote import connection
    from sealane.errors import SealaneError

    try:
        return list(connection.server(patience=_PATIENCE).get(address)) if connection.known() else []
    except SealaneError:
        return []


def path(text: str) -> Path:
    """Parses a typed path: shells leave the `~` of `--data=~/x` to the program. Every path option uses it."""
    try:
        return paths.expanded(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Formation = Annotated[
    str,
    typer.Argument(help="A formation: a file in deploy/formations.", autocompletion=formations, show_default=False),
]
Folder = Annotated[
    Path, typer.Option("--folder", "-C", help="The app's folder.", show_default="here", parser=path, metavar="<path>")
]
App = Annotated[str | None, typer.Option(help="The app's name, where no .sealane.yml has it.", show_default=False)]
Images = Annotated[
    list[str] | None,
    typer.Option(
        "--image", help="The image for ${image.NAME}, as NAME=REFERENCE; may be repeated.", show_default=False
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        help="Folder that holds the operators' environments/; the app's when left out.",
        show_default=False,
        parser=path,
        metavar="<path>",
    ),
]
EnvironmentsFolder = Annotated[
    Path,
    typer.Option(
        "--config",
        help="Folder that holds the operators' environments/.",
        show_default="here",
        parser=path,
        metavar="<path>",
    ),
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        help="Kubeconfig to use instead of the environment's destination.",
        show_default=False,
        parser=path,
        metavar="<path>",
    ),
]
Context = Annotated[str | None, typer.Option(help="Context in the kubeconfig.", show_default=False)]
Also = Annotated[
    list[str] | None,
    typer.Option(help="Further kinds that stencils have, as GROUP/PLURAL; may be repeated.", metavar="GROUP/PLURAL"),
]
