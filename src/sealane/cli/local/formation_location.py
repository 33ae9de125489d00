"""Where a formation of this folder is, read from its own file alone, so also while its stencils are invalid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sealane import errors
from sealane.cli.remote import connection
from sealane.configfiles.trees import FolderTree
from sealane.findings import did_you_mean, nearest
from sealane.formations import formation_names

if TYPE_CHECKING:
    from sealane.adapters import Adapters
    from sealane.cli.local import local_formation
    from sealane.environments.model import DestinationConfig, Environment


def formation(name: str, folder: Path, adapters: Adapters, *, app: str | None) -> local_formation.Project:
    """The formation without its stencils. Raises InvalidFiles, or UsageError where nothing names the app."""
    from sealane.cli.local import local_formation
    from sealane.pipelines import reading
    from sealane.stencils import render_inputs
    from sealane.stencils.sources import Sources

    if not folder.is_dir():
        raise errors.NotThere(f"there is no folder {folder}")
    tree = FolderTree(folder)
    read, findings = render_inputs.read_formation(tree, name, adapters)
    if read is None:
        raise errors.InvalidFiles(findings)
    named = app or _app(tree, adapters)
    if named is None:
        raise errors.UsageError(f"no {reading.FILE} in {folder.resolve()} says the app's name", hint="--app NAME")
    sources = Sources(formation=read, stencils=(), config={})
    return local_formation.Project(
        folder=folder, tree=tree, app=named, pipeline=None, sources=sources, images={}, adapters=adapters
    )


def names(folder: Path) -> tuple[str, ...]:
    """The formations of the folder."""
    return formation_names.names(FolderTree(folder)) if folder.is_dir() else ()


@contextmanager
def or_served(subject: str, folder: Path) -> Iterator[None]:
    """Wraps a question to a server about a name that this folder doesn't have: an unknown name gets a near one as hint.

    Raises NotThere.
    """
    here = names(folder)
    if here and not connection.known():
        hint = did_you_mean(subject, here)
        raise errors.NotThere(f"there is no formation {subject} here, and you are not signed in to a server", hint=hint)
    try:
        yield
    except errors.NotThere as error:
        near = nearest(subject, here)
        if near is None:
            raise
        raise errors.NotThere(error.message, hint=f"did you mean {near}, a formation of this folder?") from None


def meant(subject: str, folder: Path, adapters: Adapters) -> str:
    """The meaning of a name: `app/formation` is this folder's formation unless a known server has one, too."""
    app, slash, name = subject.partition("/")
    mine = slash and not connection.known() and name in names(folder) and _app(FolderTree(folder), adapters) == app
    return name if mine else subject


def destination(
    project: local_formation.Project,
    *,
    config: Path | None,
    kubeconfig: Path | None,
    context: str | None,
) -> tuple[Environment | None, DestinationConfig]:
    """The operators' environment, if there is one, and the chosen destination."""
    from sealane.cli.local import local_formation

    environment = local_formation.environment(project, config)
    return environment, local_formation.destination_config(project, environment, kubeconfig, context)


def _app(tree: FolderTree, adapters: Adapters) -> str | None:
    """The app's name in the pipeline's file, as far as that can be read."""
    from sealane.pipelines import pipeline_files, reading

    pipeline = reading.read_folder(pipeline_files.gather(tree, adapters), adapters, app="").pipeline
    return pipeline.app or None if pipeline else None
