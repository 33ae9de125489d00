"""Git's answers that nobody reads to their end: its processes end with them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sealane.clients import git_http_backend
from tests.serving import commit
from tests.serving import git as of_person

PATIENCE = 60.0


@pytest.fixture
async def repositories(tmp_path: Path) -> git_http_backend.Repositories:
    """Of one app, whose files are more than is read ahead of an answer."""
    made = git_http_backend.Repositories(tmp_path / "repositories")
    path = await made.create("shop")
    work = tmp_path / "work"
    work.mkdir()
    of_person(work, "init", "-q", "-b", "main")
    (work / "large").write_bytes(os.urandom(4 * 1024 * 1024))
    commit(work, {"a": "x"})
    of_person(work, "push", "-q", str(path), "HEAD:main")
    return made


async def fetched(repositories: git_http_backend.Repositories) -> git_http_backend.Answer:
    head = (await repositories.refs("shop"))["refs/heads/main"]
    wanted = f"want {head} side-band-64k ofs-delta\n"

    async def sent() -> AsyncIterator[bytes]:
        yield f"{len(wanted) + 4:04x}{wanted}00000009done\n".encode()

    request = git_http_backend.Request(
        method="POST",
        path="git-upload-pack",
        query="",
        headers={"content-type": "application/x-git-upload-pack-request"},
        user="shop",
    )
    return await repositories.serve("shop", request, sent())


def left(repositories: git_http_backend.Repositories) -> list[str]:
    """Processes of git that serve one of the repositories."""
    root = f"GIT_PROJECT_ROOT={repositories.folder.resolve()}".encode()
    return [folder.name for folder in Path("/proc").iterdir() if folder.name.isdigit() and root in environment(folder)]


def environment(folder: Path) -> list[bytes]:
    try:
        return (folder / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return []


async def test_an_answer_that_is_ended_before_it_is_read_leaves_no_process(
    repositories: git_http_backend.Repositories,
) -> None:
    answer = await fetched(repositories)
    assert left(repositories)
    await asyncio.wait_for(answer.end(), PATIENCE)
    await answer.end()
    assert left(repositories) == []


async def test_a_reader_that_is_cancelled_again_and_again_leaves_no_process(
    repositories: git_http_backend.Repositories,
) -> None:
    """As a request's task is by the scope that it runs in, once its client has left."""
    answer = await fetched(repositories)
    begun = asyncio.Event()

    async def reading() -> None:
        async for _ in answer.body:
            begun.set()
            await asyncio.sleep(0)
            await asyncio.Event().wait()

    reader = asyncio.create_task(reading())
    await begun.wait()
    while not reader.done():
        reader.cancel()
        await asyncio.sleep(0)
    await asyncio.wait_for(answer.body.aclose(), PATIENCE)
    await asyncio.wait_for(answer.end(), PATIENCE)
    assert left(repositories) == []


async def test_an_answer_that_is_read_has_all_of_it(repositories: git_http_backend.Repositories) -> None:
    answer = await fetched(repositories)
    assert len(b"".join([part async for part in answer.body])) > 4 * 1024 * 1024
    await answer.end()
    assert left(repositories) == []
