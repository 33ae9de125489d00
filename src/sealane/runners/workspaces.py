"""The workspace of a run on this machine, with what git needs from the repository around it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sealane import descriptors
from sealane.clients import git
from sealane.errors import SealaneError, UsageError
from sealane.findings import Finding, Place, Severity
from sealane.runners import repositories
from sealane.runners.model import Workspace
from sealane.runners.repositories import GitLocation


async def local(file: Path, *, own: bool) -> tuple[Workspace, tuple[Finding, ...]]:
    """The workspace of a pipeline file, with its path resolved, and why git does not work in it, if so.

    `own` says that it is the run's own clone.
    """
    location = await _found(file)
    workspace = Workspace(folder=file.parent, own=own, repository=location.root, elsewhere=location.elsewhere)
    if location.problem is None:
        return workspace, ()
    return workspace, (Finding(message=location.problem, place=Place(file=str(file)), severity=Severity.WARNING),)


async def hold(workspace: Workspace) -> None:
    """Refuses a workspace whose path now has a link: an engine that mounts it would follow the link on this machine.

    Raises UsageError.
    """

    def look() -> None:
        with descriptors.folder(workspace.root) as root, descriptors.reached(root, workspace.inside):
            pass

    try:
        await asyncio.to_thread(look)
    except OSError as error:
        message = f"the app's folder {workspace.inside} is not the clone's any more: a step exchanged it"
        raise UsageError(message) from error


async def _found(file: Path) -> GitLocation:
    """The repository above the folder, if it tracks the file: any folder may happen to be inside another repository."""
    location = await asyncio.to_thread(repositories.find, file.parent)
    if location.root is None:
        return location
    try:
        await git.run("-C", str(location.root), "ls-files", "--error-unmatch", "--", str(file))
    except SealaneError:
        return GitLocation()
    return location
