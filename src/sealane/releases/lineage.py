"""Lineage: where a run stands in the line of commits, whatever moment its push arrived at. Pure: is given what git says.

A message of a push may come late, after that of a newer push. One push knew another's commit when that is in the history
of where it moved from or to. A push is older than another when that one knew its commit, and it did not know that one's.
So a late message is older, and a branch that is moved back by force is newer than what it drops. Where git tells nothing,
the order in which messages arrived counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 200
"""The newest runs that a run is compared with: no message is later than that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """Where a run's event moved something from and to."""

    run: str
    before: str | None
    after: str
    place: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What git says of a run and those that came before it, by their ids."""

    newer: frozenset[str] = frozenset()
    """They knew its commit, and it did not know theirs."""
    same: frozenset[str] = frozenset()
    """They brought the very same commit, and it was not moved back to that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LineageAnswer:
    """What git tells of a move; nothing, where the history could not be had."""

    descend: frozenset[str] = frozenset()
    """Commits that have the move's own in their history."""
    known: frozenset[str] = frozenset()
    """Commits in the history of where it moved from."""
    forwards: bool | None = None
    """Whether where it moved from is in its own history; None where nobody knows."""


def order(before: str | None, after: str, others: Sequence[Move], told: LineageAnswer) -> Order:
    """What there is to know of a move from `before` to `after`: by git, and by what other moves say they came from."""
    known = _closed({*told.known, *({before} if before else ())}, others)
    forced = bool(before) and before != after and (after in known if told.forwards is None else not told.forwards)
    newer = {
        move.run
        for move in others
        if move.after not in {after, *known} and ({move.after, move.before} & told.descend or move.before == after)
    }
    same = {move.run for move in others if move.after == after and not forced}
    return Order(newer=frozenset(newer), same=frozenset(same))


def _closed(known: set[str], others: Sequence[Move]) -> set[str]:
    """With all that those commits were moved on from: hosts forget commits that a forced push drops."""
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
    """The run's place: that of the same commit, or right below what is newer; else its number."""
    same = [move.place for move in others if move.run in order.same]
    if same:
        return max(same)
    first = min((move.place for move in others if move.run in order.newer), default=None)
    if first is None or sequence < first:
        return float(sequence)
    below = max((move.place for move in others if move.place < first), default=first - 1)
    return (below + first) / 2
