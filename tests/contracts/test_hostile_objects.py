"""Objects of git that a push makes of few bytes: what they come to is bounded before it is in memory or on the disk."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sealane import clock
from sealane.clients import git, git_access, git_history, git_http_backend, git_submodules, git_tree
from sealane.errors import UsageError
from sealane.events.sources import pushes
from sealane.workflows.checkouts import Source
from sealane.workflows.steps import changed_paths
from tests.serving import git as of_person
from tests.serving import repository

BLOB, TREE, COMMIT, DELTA = 3, 2, 1, 7
BASE = bytes(16 * 1024 * 1024 - 1)
COPY = bytes([0x80 | 0x10 | 0x20 | 0x40]) + b"\xff\xff\xff"
"""A delta's word for all of the base."""


def bomb(work: Path, *, levels: int, hollow: bool = False) -> str:
    """A commit of a file, or of an empty folder, under ten to the power of the levels names."""
    entry = f"040000 tree {made_tree(work, '')}" if hollow else f"100644 blob {made_blob(work)}"
    for _ in range(levels):
        entry = f"040000 tree {made_tree(work, ''.join(f'{entry}{chr(9)}f{number}{chr(10)}' for number in range(10)))}"
    person = ("-c", "user.name=Kim", "-c", "user.email=kim@example.com")
    return of_person(work, *person, "commit-tree", entry.split()[-1], "-m", "bomb").stdout.strip()


def made_blob(work: Path) -> str:
    return of_person(work, "hash-object", "-w", "a").stdout.strip()


def made_tree(work: Path, listed: str) -> str:
    command = ["git", "-C", str(work), "mktree"]
    return subprocess.run(command, input=listed, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return repository(tmp_path / "work", {"a": "x"})


@pytest.mark.parametrize(
    ("levels", "says"),
    [(4, "the commit has 10000 files; at most 9999"), (12, "git has more than 1048576 bytes to tell")],
)
async def test_a_commit_of_more_files_than_there_is_room_for_is_refused_before_they_are_listed(
    levels: int, says: str, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a few objects, so nothing of its size was to be seen in the push."""
    monkeypatch.setattr(git, "MOST_FILES", 9999)
    monkeypatch.setattr(git, "_MOST_LISTED", 1024 * 1024)
    commit = bomb(work, levels=levels)
    for take in (git.checkout, git_tree.keep):
        with pytest.raises(UsageError, match=says):
            await take(str(work), commit, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


def _all_paths(work: Path, commit: str) -> Awaitable[object]:
    return git_history.changed(work, None, commit)


def _as_base(work: Path, commit: str) -> Awaitable[object]:
    return git_history.changed(work, commit, of_person(work, "rev-parse", "HEAD").stdout.strip())


def _with_base(work: Path, commit: str) -> Awaitable[object]:
    return git_history.changed(work, of_person(work, "rev-parse", "HEAD").stdout.strip(), commit)


@pytest.mark.parametrize("hollow", [False, True], ids=["of files", "of folders"])
@pytest.mark.parametrize(
    "look",
    [git_submodules.links, git_tree.tree, git.size, git.check_files, _all_paths, _as_base, _with_base],
    ids=["submodules", "files", "sizes", "count", "paths", "as the base of a diff", "in a diff"],
)
async def test_nothing_that_looks_at_a_commit_reads_without_a_bound(
    look: Callable[[Path, str], Awaitable[object]], hollow: bool, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor without an end: of folders alone git says nothing, however many it looks through."""
    monkeypatch.setattr(git, "_MOST_LISTED", 1024 * 1024)
    with pytest.raises(git.CommitTooLarge, match="more than 1048576 bytes to tell"):
        await look(work, bomb(work, levels=12, hollow=hollow))


async def test_a_push_onto_a_commit_that_is_too_large_changed_nobody_knows_what(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So its conditions on paths hold; the push that mends a branch is run like any other."""
    monkeypatch.setattr(git, "_MOST_LISTED", 1024 * 1024)
    before, commit = bomb(work, levels=12), of_person(work, "rev-parse", "HEAD").stdout.strip()
    of_person(work, "branch", "bomb", before)
    await git.checkout(str(work), commit, tmp_path / "clone")
    pushed = pushes.events(
        "shop",
        repository=str(work),
        trunk="main",
        before={"refs/heads/main": before},
        after={"refs/heads/main": pushes.Tip(commit=commit)},
        received=clock.now(),
    )
    source = Source(url=str(work), access=git_access.OPEN)
    assert [await changed_paths.of(event, tmp_path / "clone", source) for event in pushed] == [None]


async def test_attributes_that_take_years_to_compare_take_seconds(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "_MOST_PROCESSOR", 1)
    entry = "".join(f"100644 blob {made_blob(work)}\ta{number}\n" for number in range(20))
    for _ in range(60):
        entry = f"040000 tree {made_tree(work, entry)}\ta\n"
    (work / "lines").write_text("**/" + "a/**/" * 12 + "b filter=lfs\n")
    lines = of_person(work, "hash-object", "-w", "--no-filters", "lines").stdout.strip()
    top = made_tree(work, f"{entry}100644 blob {lines}\t.gitattributes\n")
    person = ("-c", "user.name=Kim", "-c", "user.email=kim@example.com")
    commit = of_person(work, *person, "commit-tree", top, "-m", "slow").stdout.strip()
    with pytest.raises(git.CommitTooLarge, match="more than 1 s of a processor"):
        await git.checkout(str(work), commit, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


async def test_a_delta_that_says_to_make_more_than_there_is_memory_makes_nothing(tmp_path: Path) -> None:
    """Sixteen kilobytes that came to sixteen gigabytes took them."""
    repositories = git_http_backend.Repositories(tmp_path)
    await repositories.create("shop")
    pack, commit = delta_bomb(times=1000)
    assert len(pack) < 32 * 1024
    order = f"{'0' * 40} {commit} refs/heads/main\0 report-status".encode()
    body = f"{len(order) + 4:04x}".encode() + order + b"0000" + pack

    async def sent() -> AsyncIterator[bytes]:
        yield body

    request = git_http_backend.Request(
        method="POST",
        path="git-receive-pack",
        query="",
        headers={"content-type": "application/x-git-receive-pack-request"},
        user="shop",
    )
    answer = await repositories.serve("shop", request, sent())
    said = b"".join([part async for part in answer.body])
    assert b"ng refs/heads/main" in said
    assert await repositories.refs("shop") == {}


def delta_bomb(*, times: int) -> tuple[bytes, str]:
    """A pack with a commit whose one file is the base so many times over, and the commit's name."""
    size = times * len(BASE)
    delta = _varied(len(BASE)) + _varied(size) + COPY * times
    head = f"blob {size}\0".encode()
    hashed = hashlib.sha1(head, usedforsecurity=False)
    hashed.update(BASE)  # the name need not be right: git is out of memory before it compares
    tree = b"100644 big\0" + hashed.digest()
    who = "Kim <kim@example.com> 1700000000 +0000"
    commit = f"tree {_name('tree', tree).hex()}\nauthor {who}\ncommitter {who}\n\nbig\n".encode()
    parts = [
        _head(BLOB, len(BASE)) + zlib.compress(BASE, 9),
        _head(DELTA, len(delta)) + _name("blob", BASE) + zlib.compress(delta, 9),
        _head(TREE, len(tree)) + zlib.compress(tree),
        _head(COMMIT, len(commit)) + zlib.compress(commit),
    ]
    pack = b"PACK" + struct.pack(">II", 2, len(parts)) + b"".join(parts)
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest(), _name("commit", commit).hex()


def _name(kind: str, content: bytes) -> bytes:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).digest()


def _head(kind: int, size: int) -> bytes:
    first, size, out = (kind << 4) | (size & 15), size >> 4, b""
    while size:
        out, first, size = out + bytes([first | 0x80]), size & 127, size >> 7
    return out + bytes([first])


def _varied(size: int) -> bytes:
    out = b""
    while size > 127:
        out, size = out + bytes([size & 127 | 0x80]), size >> 7
    return out + bytes([size])
