"""The workspace of a run on this machine, with what git needs from the repository around it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from sealane import descriptors
from sealane.clients import git
from sealane.errors import SealaneError, UsageError
from sealane.findings import Finding, Place, Severity
from sealane.runners import repositories
from sealane.runners.model import RunContext, Workspace
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


async def of_workflow(work: RunContext, workflow: str) -> Workspace:
    """The workspace of a workflow: a copy of the run's clone, which no step changes. Key: the copy's folder, made once.

    In a folder that is not the run's own, all workflows work in it. Raises UsageError when the disk has no room.
    """
    workspace = work.workspace
    if not workflow or not workspace.own or workspace.folder is None:
        return workspace
    copy = _copy_of(work, workflow)
    try:
        await asyncio.to_thread(_copy, workspace.root, copy)
    except OSError as error:
        raise UsageError(f"the workspace of {workflow} could not be made: {error.strerror or error}") from error
    return replace(workspace, folder=copy / workspace.inside, repository=copy if workspace.repository else None)


async def forget(work: RunContext, workflow: str) -> None:
    """Removes the copy of a workflow, if it has one."""
    if workflow and work.workspace.own and work.workspace.folder is not None:
        await asyncio.to_thread(shutil.rmtree, _copy_of(work, workflow), ignore_errors=True)


def _copy_of(work: RunContext, workflow: str) -> Path:
    root = work.workspace.root
    return root.with_name(f"{root.name}.{[known.name for known in work.pipeline.workflows].index(workflow)}")


def _copy(folder: Path, copy: Path) -> None:
    """Copies it as a whole or not at all; a copy that is there stays, since steps have worked in it."""
    if copy.exists():
        return
    making = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", suffix=".making", dir=copy.parent))
    try:
        shutil.copytree(folder, making, symlinks=True, dirs_exist_ok=True)
        making.rename(copy)
    except OSError:
        if not copy.exists():  # else a step beside this one was faster
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


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
