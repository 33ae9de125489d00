"""Finds the git repository of a workspace, and its parts outside the folder that steps need.

No program is run, because the folder may contain anything. Only folders that git itself made are mounted: a worktree's
folder in its repository names the worktree, which no untrusted file can fake.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sealane.runners.model import REPOSITORY, WORKSPACE

_LONGEST = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class GitLocation:
    """The repository found for a folder."""

    root: Path | None = None
    """The repository's root, if the folder is below it."""
    elsewhere: tuple[tuple[Path, str], ...] = ()
    """Folders outside, each with its path in a step's container."""
    problem: str | None = None
    """Why git does not work in steps."""


def find(folder: Path) -> GitLocation:
    """What git needs in a container with the folder as its workspace; the folder's path must be resolved."""
    for root in (folder, *folder.parents):
        dot = root / ".git"
        inside = WORKSPACE if root == folder else REPOSITORY
        above = None if root == folder else root
        if (dot / "HEAD").is_file():
            return GitLocation(root=above)
        if dot.is_file():
            return _worktree(root, dot, inside, above)
    return GitLocation()


def _worktree(root: Path, dot: Path, inside: str, above: Path | None) -> GitLocation:
    written = _line(dot).removeprefix("gitdir:").strip()
    own = Path(os.path.normpath(root / written))
    back = _line(own / "gitdir")
    if not back or Path(os.path.normpath(own / back)).resolve() != dot.resolve():
        description = "a submodule, or a worktree that was moved" if (own / "HEAD").exists() else "not whole"
        return GitLocation(problem=f"git does not work in steps: {root} is {description}; --clean runs a fresh clone")
    shared = _line(own / "commondir") or "."
    source = Path(os.path.normpath(own / shared))
    target = os.path.normpath(PurePosixPath(inside) / written / shared)
    taken = any(PurePosixPath(target).is_relative_to(folder) for folder in (WORKSPACE, REPOSITORY))
    if taken or not (source / "HEAD").is_file():
        return GitLocation(
            problem=f"git does not work in steps: its repository would have to be at {target}, which is taken"
        )
    return GitLocation(root=above, elsewhere=((source, target),))


def _line(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as text:
            return text.read(_LONGEST).strip()
    except (OSError, UnicodeDecodeError):
        return ""
