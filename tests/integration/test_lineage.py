"""What git says of commits: who descends from whom, and whom they name; also of hostile ones and half histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane.clients import git_lineage
from sealane.events.model import Author
from tests.serving import git

NOWHERE = "a" * 40


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Four commits in a row, and one beside them that was dropped by force."""
    folder = tmp_path_factory.mktemp("history")
    git(folder, "init", "-q", "-b", "main")
    made = [_commit(folder, f"c{number}", name=f"N{number}") for number in range(4)]
    git(folder, "checkout", "-q", "--detach", made[1])
    made.append(_commit(folder, "dropped", name="D"))
    git(folder, "checkout", "-q", "main")
    return folder, made


def _commit(folder: Path, message: str, *, name: str = "N", email: str = "n@example.com") -> str:
    git(folder, "-c", f"user.name={name}", "-c", f"user.email={email}", "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD").stdout.strip()


async def test_descent_is_told_of_what_is_there(commits: tuple[Path, list[str]]) -> None:
    """What the repository has not is no one's descendant, and no reason to fail."""
    folder, (first, second, third, fourth, dropped) = commits
    everything = [first, second, third, fourth, dropped, NOWHERE]
    assert await git_lineage.descend(folder, second, everything) == {third, fourth, dropped}
    assert await git_lineage.descend(folder, fourth, everything) == frozenset()
    assert await git_lineage.descend(folder, first, [NOWHERE]) == frozenset()
    assert await git_lineage.among_ancestors(folder, third, everything) == {first, second, third}
    assert await git_lineage.among_ancestors(folder, dropped, everything) == {first, second, dropped}
    assert await git_lineage.among_ancestors(folder, NOWHERE, everything) == {NOWHERE}


async def test_authors_since_what_is_there(commits: tuple[Path, list[str]]) -> None:
    """Without a commit that is known only the newest counts."""
    folder, (first, second, _, fourth, dropped) = commits

    async def names(commit: str, *since: str) -> set[str]:
        return {author.name for author in await git_lineage.authors(folder, commit, since=since)}

    assert await names(fourth, second) == {"N2", "N3"}
    assert await names(fourth, dropped) == {"N2", "N3"}
    assert await names(dropped, fourth) == {"D"}
    assert await names(fourth, fourth) == set()
    assert await names(first, fourth) == set()
    assert await names(fourth, NOWHERE) == await names(fourth) == {"N3"}


async def test_hostile_words_of_authors_hide_nobody(tmp_path: Path) -> None:
    """A mailmap, separators in names, escapes and trailers: whoever is named stays named."""
    git(tmp_path, "init", "-q", "-b", "main")
    base = _commit(tmp_path, "base")
    (tmp_path / ".mailmap").write_text("Somebody Else <else@example.com> <kim@example.com>\n")
    git(tmp_path, "add", ".")
    trailers = (
        "\n\nCo-authored-by: Lee P. <lee@example.com>\nco-authored-by: <only@example.com>\nCo-Authored-By: nobody"
    )
    _commit(tmp_path, f"one{trailers}", name="Kim", email="kim@example.com")
    head = _commit(tmp_path, "two", name="a\x1fb\x1b[2J", email="x@y.z")

    authors = await git_lineage.authors(tmp_path, head, since=[base])

    assert {Author(name="Kim", email="kim@example.com"), Author(name="Lee P.", email="lee@example.com")} <= set(authors)
    assert {author.email for author in authors} >= {"only@example.com", "kim@example.com"}
    assert all(author.name.isprintable() and author.email.isprintable() for author in authors)


async def test_a_history_is_brought_without_files(commits: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Of a clone that has none: branches, and the commit that a push dropped, where the host still knows it."""
    folder, (first, _, _, fourth, dropped) = commits
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(folder, "config", "uploadpack.allowFilter", "true")
    brought = tmp_path / "brought.git"
    for _ in range(2):
        await git_lineage.bring(brought, str(folder), (fourth, dropped, NOWHERE))
    assert await git_lineage.descend(brought, first, [fourth, dropped]) == {fourth, dropped}
