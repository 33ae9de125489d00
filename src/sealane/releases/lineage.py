"""Lineage: the place of a run in the line of commits, whenever its push arrived. Pure: is given git's answers.

The message of a push may arrive after that of a newer push. A push knows a commit that is in the history of where it
moved from or to. A push is older than another when the other one knows its commit and it does not know the other's. So
a late message is older, and a branch that is moved back by force is newer than what it drops. Where git does not
answer, the order of arrival counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 200
"""How many of the newest runs a run is compared with: no message comes later than that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """From which commit to which commit a run's event moved something."""

    run: str
    before: str | None
    after: str
    place: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Git's order of a run and earlier runs, by their ids."""

    newer: frozenset[str] = frozenset()
    """Runs that knew its commit while it did not know theirs."""
    same: frozenset[str] = frozenset()
    """Runs of the same commit, where it was not moved back to that commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineageAnswer:
    """Git's answer about a move; empty where the history was not available."""

    descend: frozenset[str] = frozenset()
    """Commits that have the move's own in their history."""
    known: frozenset[str] = frozenset()
    """Commits in the history of its start."""
    forwards: bool | None = None
    """Whether its start is in its own history; None where unknown."""


def order(before: str | None, after: str, others: Sequence[Move], answer: LineageAnswer) -> Order:
    """The order of a move from `before` to `after`, from git and from where other moves came from."""
    known = _closed({*answer.known, *({before} if before else ())}, others)
    forced = bool(before) and before != after and (after in known if answer.forwards is None else not answer.forwards)
    newer = {
        move.run
        for move in others
        if move.after not in {after, *known} and ({move.after, move.before} & answer.descend or move.before == after)
    }
    same = {move.run for move in others if move.after == after and not forced}
    return Order(newer=frozenset(newer), same=frozenset(same))


def _closed(known: set[str], others: Sequence[Move]) -> set[str]:
    """The commits and all that they were moved on from: hosts forget commits that a forced push drops."""
    came_from: dict[str, set[str]] = {}
    for move in others:
        if move.before:
            came_from.setdefault(move.after, set()).add(move.before)
    fresh = set(known)
    while fresh:
        fresh = {before for commit in fresh for before in came_from.get(commit, ())} - known
        known = known | fresh
    return known


def place(sequence: int, order: Order, others: Sequence[Move]) -> float:
    """The run's place: that of the same commit, or just below a newer run; otherwise its number."""
    same = [move.place for move in others if move.run in order.same]
    if same:
        return max(same)
    first = min((move.place for move in others if move.run in order.newer), default=None)
    if first is None or sequence < first:
        return float(sequence)
    below = max((move.place for move in others if move.place < first), default=first - 1)
    return (below + first) / 2
