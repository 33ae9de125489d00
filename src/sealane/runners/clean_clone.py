"""The fresh clone for `sealane run --clean`: as complete as on a server."""

from __future__ import annotations

from pathlib import Path

from sealane.clients import git, git_history, git_lfs, git_submodules
from sealane.errors import UsageError
from sealane.findings import Finding
from sealane.pipelines.checks import clone as checks
from sealane.pipelines.model import Clone

_EVERYWHERE = ("**",)
"""On a person's own machine, submodules may come from anywhere."""


async def make(folder: Path, head: str | None, into: Path) -> Path:
    """Clones the folder's last commit and returns the same folder in the clone. Raises UsageError without a commit."""
    if head is None:
        raise UsageError(f"{folder} has no commit to run with --clean", hint="commit first, or run without --clean")
    top = await _top(folder)
    await git.checkout(str(top), head, into)
    return into / folder.relative_to(top)


async def complete(folder: Path, head: str, into: Path, clone: Clone) -> tuple[Finding, ...]:
    """Fetches what the pipeline file asks for: history, submodules, Git LFS files. Returns warnings about missing parts.

    Raises UsageError for what can't be fetched, RepositoryUnavailable.
    """
    top = await _top(folder)
    await git_history.complete(into, str(top), head, depth=clone.depth)
    origin = await _origin(top)
    if origin:
        await git_history.name_origin(into, origin)
    if clone.submodules:
        rules = git_submodules.Rules(base=origin, allowed=_EVERYWHERE, hint=f"see {git_submodules.FILE}")
        await git_submodules.fetch(into, head, rules, recursive=clone.recursive)
    if clone.lfs:
        await git_lfs.fetch(into, origin or str(top))
    lfs = clone.lfs is None and bool(await git_lfs.pointers(into))
    return tuple(checks.lacking(clone, submodules=bool(await git_submodules.links(into, head)), lfs=lfs))


async def _top(folder: Path) -> Path:
    return Path((await git.run("-C", str(folder), "rev-parse", "--show-toplevel")).decode().strip())  # resolved by git


async def _origin(top: Path) -> str:
    try:
        return (await git.run("-C", str(top), "config", "remote.origin.url")).decode().strip()
    except UsageError:
        return ""
