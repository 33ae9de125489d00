"""Arguments and options that several commands about one formation of a folder take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sealane import paths


def _formations(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names for the shell's completion."""
    from sealane.stencils import gathering
    from sealane.stencils.trees import FolderTree

    names = gathering.names(FolderTree(path(ctx.params.get("folder") or ".")))
    return [name for name in names if name.startswith(incomplete)]


def path(text: str) -> Path:
    """A path that was typed: shells leave the `~` of `--data=~/x` to the program. Every path option has it as parser."""
    try:
        return paths.expanded(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Formation = Annotated[
    str,
    typer.Argument(help="A formation: a file in deploy/formations.", autocompletion=_formations, show_default=False),
]
Folder = Annotated[
    Path, typer.Option("--folder", "-C", help="The app's folder.", show_default="here", parser=path, metavar="<path>")
]
App = Annotated[str | None, typer.Option(help="The app's name, where no .sealane.yml says it.", show_default=False)]
Images = Annotated[
    list[str] | None,
    typer.Option("--image", help="What ${image.NAME} stands for, NAME=REFERENCE; may be repeated.", show_default=False),
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
