"""The files of a folder as a commit of its git repository has them."""

from __future__ import annotations

from pathlib import Path

from sealane.clients import git, git_tree
from sealane.configfiles.trees import Tree
from sealane.errors import NotThere, UsageError


async def of(folder: Path, commit: str) -> Tree:
    """The folder's files in a commit, branch or tag. Raises NotThere, UsageError where the folder is in no repository."""
    try:
        lines = (
            (await git.run("-C", str(folder), "rev-parse", "--show-toplevel", "--show-prefix")).decode().splitlines()
        )
    except UsageError as error:
        raise UsageError(f"{folder} is in no git repository, so it has no {commit}") from error
    top, prefix = Path(lines[0]), lines[1] if len(lines) > 1 else ""
    wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    try:
        commit_hash = (await git.run("-C", str(top), *wanted)).decode().strip()
    except UsageError as error:
        hint = "name a commit, a branch or a tag; `git log --oneline` lists commits"
        raise NotThere(f"the repository has no commit {commit}", hint=hint) from error
    return await git_tree.tree(top, commit_hash, prefix)
