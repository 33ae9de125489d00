"""Where runs stand in the line of commits: whatever order their messages came in, and by force or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.releases import lineage
from sealane.releases.lineage import LineageAnswer, Move, Order


@dataclass
class Repository:
    """A branch, and who descends from whom."""

    parents: dict[str, frozenset[str]] = field(default_factory=dict)

    def commit(self, name: str, parent: str | None) -> str:
        self.parents[name] = frozenset({name}) | (self.parents[parent] if parent else frozenset())
        return name

    def told(self, before: str | None, after: str, *, forgets: frozenset[str] = frozenset()) -> LineageAnswer:
        """What git says; a host that `forgets` commits says nothing of them."""
        there = {name: past for name, past in self.parents.items() if name not in forgets}
        return LineageAnswer(
            descend=frozenset(name for name, past in there.items() if after in past and name != after),
            known=there.get(before or "", frozenset()),
            forwards=before is None or before in self.parents[after],
        )


def received(repository: Repository, pushes: Sequence[tuple[str | None, str]], **said: frozenset[str]) -> list[float]:
    """The places of pushes whose messages come in that order, each put in line as it comes."""
    line: list[Move] = []
    for number, (before, after) in enumerate(pushes, start=1):
        order = lineage.order(before, after, line, repository.told(before, after, **said))
        line.append(Move(run=f"r{number}", before=before, after=after, place=lineage.place(number, order, line)))
    return [move.place for move in line]


def straight(length: int) -> tuple[Repository, list[tuple[str | None, str]]]:
    """A branch that only moves on."""
    repository, names = Repository(), [f"c{number}" for number in range(length)]
    for before, name in zip([None, *names], names, strict=False):
        repository.commit(name, before)
    return repository, list(zip([None, *names], names, strict=False))


@given(st.integers(2, 7).flatmap(lambda length: st.permutations(range(length))))
def test_late_messages_stand_where_their_commits_do(order: list[int]) -> None:
    """In whichever order they come, the line is that of the commits."""
    repository, pushes = straight(len(order))
    places = received(repository, [pushes[number] for number in order])
    assert [order[at] for at in sorted(range(len(order)), key=places.__getitem__)] == sorted(order)


def test_messages_in_time_keep_their_numbers() -> None:
    """Nothing changes for what comes as it was pushed, branches of others and tags included."""
    repository, pushes = straight(3)
    repository.commit("f1", "c1")
    assert received(repository, [*pushes, (None, "f1"), ("c2", repository.commit("c3", "c2"))]) == [1, 2, 3, 4, 5]


@settings(deadline=None)
@given(back=st.integers(0, 3), forgets=st.booleans(), again=st.booleans())
def test_what_a_branch_is_moved_back_to_by_force_is_new(back: int, *, forgets: bool, again: bool) -> None:
    """Also where the host has forgotten what was dropped; and what is pushed on it then is newer still."""
    repository, pushes = straight(5)
    target = f"c{back}"
    dropped = frozenset(f"c{number}" for number in range(back + 1, 5)) if forgets else frozenset[str]()
    more: list[tuple[str | None, str]] = [("c4", target)]
    if again:
        more.append((target, repository.commit("d", target)))
    places = received(repository, [*pushes, *more], forgets=dropped)
    assert places[5:] == [float(number) for number in range(6, 6 + len(more))]


def test_a_late_message_of_a_forced_push_is_old() -> None:
    """What was pushed on it had come before."""
    repository, pushes = straight(2)
    repository.commit("d1", "c0")
    repository.commit("d2", "d1")
    first, second, forced, last = (*pushes, ("c1", "d1"), ("d1", "d2"))
    assert received(repository, [first, second, last, forced])[2:] == [3, 2.5]


@pytest.mark.parametrize("of", [0, 1, 2])
def test_a_tag_stands_where_its_commit_does(of: int) -> None:
    """However late somebody makes it: it brings nothing that is newer."""
    repository, pushes = straight(3)
    assert received(repository, [*pushes, (None, f"c{of}")])[-1] == of + 1


def test_a_fix_beside_the_branch_is_new() -> None:
    """Nobody knew its commit: it counts by when it came."""
    repository, pushes = straight(3)
    repository.commit("fix", "c0")
    assert received(repository, [*pushes, (None, "fix")])[-1] == 4


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [1, 0, 3, 2], [3, 2, 1, 0]])
def test_without_git_moves_that_follow_each_other_tell_the_order(order: list[int]) -> None:
    """A message is late when one that moved on from its commit has come."""
    _, pushes = straight(4)
    line: list[Move] = []
    for number, at in enumerate(order, start=1):
        before, after = pushes[at]
        answer = lineage.order(before, after, line, LineageAnswer())
        line.append(Move(run=str(number), before=before, after=after, place=lineage.place(number, answer, line)))
    assert [order[at] for at in sorted(range(4), key=lambda at: line[at].place)] == [0, 1, 2, 3]


def test_nothing_known_keeps_the_number() -> None:
    """Also beside others."""
    others = [Move(run="r1", before=None, after="x", place=1.0)]
    assert lineage.place(7, Order(), others) == 7.0
