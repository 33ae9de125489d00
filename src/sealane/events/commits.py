"""Commits: which of them one version has and another has not, as far as the history is known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST = 100
"""Commits that are listed; all that are known are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit, as it says of itself."""

    id: str
    """The full hash."""
    parents: tuple[str, ...]
    subject: str
    author: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitRange:
    """What a version brings over what is there, and what it takes away."""

    there: str
    """The commit that is there."""
    commits: tuple[Commit, ...]
    """Those it brings, the newest first, as many as are listed."""
    count: int
    """How many it brings, as far as is known."""
    complete: bool
    """Whether all of the history between the two is known."""
    gone: int
    """Commits that are there and not in it: it goes back, or comes from another branch."""

    @property
    def words(self) -> str:
        """`3 commits`, `2 commits, without 1 that is there`, `the same commit`."""
        more = "" if self.complete else "at least "
        said = [f"{more}{_count(self.count)}"] if self.count else []
        said += [f"without {self.gone} that {'is' if self.gone == 1 else 'are'} there"] if self.gone else []
        return ", ".join(said) or "the same commit"


def since(known: Mapping[str, Commit], there: str, new: str) -> CommitRange | None:
    """What `new` has that `there` has not; None where nothing is known of either."""
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
    """The commit and all before it, nearest first; the first ones that are not known are among them."""
    waiting, seen = [begin], {begin}
    for commit in waiting:
        yield commit
        for parent in known[commit].parents if commit in known else ():
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def _count(number: int) -> str:
    return f"{number} {'commit' if number == 1 else 'commits'}"
