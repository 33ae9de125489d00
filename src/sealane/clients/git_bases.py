"""Bases: folders of other repositories, each at a commit, that formations take files from.

A pushed commit names them, so a server takes only those that operators list, as it does with submodules.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sealane.clients import git_submodules, git_tree, git_urls
from sealane.clients.git_access import OPEN, Access
from sealane.configfiles.trees import Tree
from sealane.errors import NotThere, UsageError

_KEPT = 7 * 24 * 3600.0
"""Seconds that a commit is kept after it was taken last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bases:
    """Where bases may come from, and the folder that keeps their commits."""

    folder: Path
    allowed: Sequence[str] | None = None
    """Globs of host and path; None on a person's own machine: any."""
    access: Access = field(default=OPEN, repr=False)

    async def tree(self, repository: str, commit: str, path: str, *, at: str) -> Tree:
        """The files of a folder in the commit, as if they were in the folder `at`. A commit that is kept is not fetched again.

        Raises UsageError for a repository that is not allowed, NotThere, RepositoryUnavailable and NotListed.
        """
        plain = repository.startswith("http://")  # which a formation may only say of this machine
        url = git_urls.resolve(repository, repository if plain else "")
        if self.allowed is not None and not git_urls.is_allowed(url, self.allowed):
            message = f"bases may not come from {git_urls.place(url)}"
            raise UsageError(message, hint="operators list it in SEALANE_GIT__BASES")
        kept = self.folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}-{commit}.git"
        if not await asyncio.to_thread(kept.is_dir):
            await asyncio.to_thread(self._forget)
        await git_tree.keep(url, commit, kept, access=git_submodules.naming(self.access, url))
        await asyncio.to_thread(os.utime, kept)
        tree = await git_tree.tree(kept, commit, path, at=at)
        if not tree.files(at):
            raise NotThere(f"commit {commit[:12]} of {git_urls.place(url)} has no files in {path or 'it'}")
        return tree

    def _forget(self) -> None:
        """Removes commits that nobody took for long. One that is taken again is fetched again."""
        before = time.time() - _KEPT
        for kept in self.folder.glob("*.git*"):
            try:
                if kept.stat().st_mtime < before:
                    shutil.rmtree(kept, ignore_errors=True)
            except FileNotFoundError:  # another process was faster
                continue


NOWHERE = Bases(folder=Path("/nowhere"), allowed=())
"""No repository is allowed."""


def of(variables: Mapping[str, str]) -> Bases:
    """A person's own machine: any repository that their git may read."""
    home = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Bases(folder=home / "sealane" / "bases")
