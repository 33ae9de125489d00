"""The paths that an event changed, read from the clone: hosts leave out files, commits dropped by force, and more."""

from __future__ import annotations

from pathlib import Path

from sealane.clients import git_history
from sealane.clients.git import CommitTooLarge
from sealane.errors import NotThere
from sealane.events.model import Event, EventKind
from sealane.records.runs import Changed
from sealane.workflows.checkouts import Source


async def of(event: Event, folder: Path, source: Source) -> Changed | None:
    """The paths that a push or pull request changed in the clone; None where unknown or meaningless.

    A push is compared with its branch's former commit; a new branch and a pull request with the commit where they left
    the branch they come from or want into; the very first push, and a branch without a common commit with the default
    one, with an empty tree. Raises RepositoryUnavailable.
    """
    commit = event.commit or ""
    if event.kind is EventKind.PUSH:
        if event.before and await _brought(folder, source, event.before):
            return await _since(folder, event.before, commit)
        if event.branch != event.trunk:
            return await _since_leaving(folder, event.trunk, commit)
        return None if event.before else await _since(folder, None, commit)
    if event.kind is EventKind.PULL_REQUEST:
        return await _since_leaving(folder, event.branch, commit)
    return None


async def _brought(folder: Path, source: Source, commit: str) -> bool:
    return await git_history.bring(folder, source.url, commit, access=source.access)


async def _since_leaving(folder: Path, branch: str | None, commit: str) -> Changed | None:
    try:
        base = await git_history.branch_point(folder, branch or "", commit)
    except NotThere:
        return None
    if base is None and git_history.is_shallow(folder):
        return None
    return await _since(folder, base, commit)


async def _since(folder: Path, base: str | None, commit: str) -> Changed | None:
    """None where the base is too large to be compared with: it may never have been run."""
    try:
        return Changed(base=base, paths=await git_history.changed(folder, base, commit))
    except CommitTooLarge:
        return None
