"""Differences between versions: commits that one has and another lacks, within the known history. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST = 100
"""Most commits that are listed; all known ones are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit, with its own data."""

    id: str
    """The full hash."""
    parents: tuple[str, ...]
    subject: str
    author: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitRange:
    """The commits that a new version adds to the current one, and those it removes."""

    there: str
    """The current commit."""
    commits: tuple[Commit, ...]
    """Added commits, newest first, up to the limit of the list."""
    count: int
    """The number of added commits, as far as known."""
    complete: bool
    """Whether the whole history between the two is known."""
    gone: int
    """Number of current commits that it lacks: it goes back, or comes from another branch."""

    @property
    def words(self) -> str:
        """`3 commits`, `2 commits, without 1 that is there`, `the same commit`."""
        more = "" if self.complete else "at least "
        parts = [f"{more}{_count(self.count)}"] if self.count else []
        parts += [f"without {self.gone} that {'is' if self.gone == 1 else 'are'} there"] if self.gone else []
        return ", ".join(parts) or "the same commit"


def since(known: Mapping[str, Commit], there: str, new: str) -> CommitRange | None:
    """The commits of `new` that `there` lacks; None if one of the two is unknown."""
    if there not in known or new not in known:
        return None if there != new else CommitRange(there=there, commits=(), count=0, complete=True, gone=0)
    old = set(_ancestors(known, there))
    own = list(_ancestors(known, new))
    mine = set(own)
    brought = [known[commit] for commit in own if commit not in old and commit in known]
    unknown = any(commit not in known and commit not in old for commit in own)
    gone = sum(1 for commit in old if commit not in mine and commit in known)
    return CommitRange(there=there, commits=tuple(brought[:MOST]), count=len(brought), complete=not unknown, gone=gone)


def _ancestors(known: Mapping[str, Commit], begin: str) -> Iterator[str]:
    """The commit and all before it, nearest first, up to and including the first unknown ones."""
    waiting, seen = [begin], {begin}
    for commit in waiting:
        yield commit
        for parent in known[commit].parents if commit in known else ():
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def _count(number: int) -> str:
    return f"{number} {'commit' if number == 1 else 'commits'}"
