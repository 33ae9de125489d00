"""What one version has over another, for any history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sealane.events import commits
from sealane.events.commits import Commit


@st.composite
def histories(draw: st.DrawFn) -> dict[str, Commit]:
    """Up to 12 commits, each with up to three older ones as parents."""
    commits_made: dict[str, Commit] = {}
    for number in range(draw(st.integers(1, 12))):
        parents = draw(st.lists(st.sampled_from(list(commits_made)), max_size=3, unique=True)) if commits_made else []
        commits_made[f"c{number}"] = Commit(id=f"c{number}", parents=tuple(parents), subject=f"s{number}", author="kim")
    return commits_made


def before(known: dict[str, Commit], name: str) -> set[str]:
    return {name}.union(*(before(known, parent) for parent in known[name].parents))


@given(histories(), st.data())
def test_it_brings_what_only_the_new_one_has(known: dict[str, Commit], data: st.DataObject) -> None:
    there, new = (data.draw(st.sampled_from(list(known))) for _ in range(2))
    brought = commits.since(known, there, new)
    assert brought is not None
    assert {commit.id for commit in brought.commits} == before(known, new) - before(known, there)
    assert (brought.count, brought.complete) == (len(brought.commits), True)
    assert brought.gone == len(before(known, there) - before(known, new))
    if brought.count:
        assert brought.commits[0].id == new


@given(histories(), st.data())
def test_a_history_that_ends_early_is_never_told_as_whole(known: dict[str, Commit], data: st.DataObject) -> None:
    """Of what is known nothing wrong is told: at least so many, and only commits that are known."""
    there, new = (data.draw(st.sampled_from(list(known))) for _ in range(2))
    lost = data.draw(st.sets(st.sampled_from(list(known)), max_size=4))
    part = {name: commit for name, commit in known.items() if name not in lost}
    difference = commits.since(part, there, new)
    if there != new and (there in lost or new in lost):
        assert difference is None
        return
    assert difference is not None
    brought = before(known, new) - before(known, there)
    if difference.complete and there not in lost and not lost & before(known, there):
        assert {commit.id for commit in difference.commits} == brought


def test_many_are_counted_and_some_listed() -> None:
    known = {
        str(at): Commit(id=str(at), parents=(str(at - 1),) if at else (), subject="", author="") for at in range(250)
    }
    commit_range = commits.since(known, "0", "249")
    assert commit_range is not None
    assert (commit_range.count, len(commit_range.commits), commit_range.words) == (249, commits.MOST, "249 commits")
    back = commits.since(known, "5", "3")
    assert back is not None
    assert back.words == "without 2 that are there"
    cut = commits.since({name: commit for name, commit in known.items() if int(name) > 247 or name == "0"}, "0", "249")
    assert cut is not None
    assert cut.words.startswith("at least 2 commits")
    same = commits.since({}, "a", "a")
    assert same is not None
    assert same.words == "the same commit"
    assert commits.since(known, "0", "elsewhere") is None
