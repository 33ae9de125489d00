"""Order and authors of commits, according to git. Reads a repository; runs nothing from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from sealane import inputs
from sealane.clients import git
from sealane.clients.git_access import OPEN, Access
from sealane.errors import UsageError
from sealane.events.model import Author

MOST_AUTHORS = 2000
_FORMAT = "%an%x1f%ae%x1f%(trailers:key=Co-authored-by,valueonly,separator=%x1e)"
_ALL = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


async def bring(folder: Path, repository: str, wanted: Sequence[str], *, access: Access = OPEN) -> None:
    """Makes a bare repository of the commits alone, without files if the host supports that.

    It has the wanted commits that the host still knows. Key: the folder; existing parts stay. Raises what `git.run`
    raises.
    """
    await git.run("init", "--quiet", "--bare", str(folder))
    options = ("--filter=tree:0",)
    async with git.speaking(access, repository) as environment:
        await git.fetch(folder, repository, *_ALL, environment=environment, options=options)
        for commit in wanted:
            if not await has(folder, commit):
                with suppress(UsageError):
                    await git.fetch(folder, repository, commit, environment=environment, options=options)


async def has(folder: Path, commit: str) -> bool:
    """Whether the repository has the commit."""
    try:
        await git.run("-C", str(folder), "cat-file", "-e", f"{commit}^{{commit}}")
    except UsageError:
        return False
    return True


async def descend(folder: Path, commit: str, among: Iterable[str]) -> frozenset[str]:
    """Those of the commits that have the commit in their history; commits missing in the repository don't count."""
    listed = frozenset(among) - {commit}
    if not listed:
        return listed
    return listed & await _walk(folder, "--ancestry-path", *sorted(listed), f"^{commit}")


async def among_ancestors(folder: Path, commit: str, among: Iterable[str]) -> frozenset[str]:
    """Those of the commits that are the commit itself or in its history."""
    listed = frozenset(among)
    if not listed:
        return listed
    there = await _walk(folder, "--no-walk=unsorted", *sorted({*listed, commit}))
    if commit not in there:
        return listed & {commit}
    return (listed & there) - await _walk(folder, *sorted(listed & there), f"^{commit}")


async def authors(folder: Path, commit: str, *, since: Iterable[str]) -> tuple[Author, ...]:
    """Authors and co-authors of the commit and those before it, without the history of the commits in `since`.

    If the repository has none of those, only the commit itself counts. Raises UsageError for too many people.
    """
    output = await _log(folder, commit, tuple(since))
    people: dict[Author, None] = {}
    for record in output.decode(errors="replace").split("\0"):
        name, _, rest = record.strip("\n").partition("\x1f")
        email, _, trailers = rest.partition("\x1f")
        if name or email:
            people[_author(name, email)] = None
        for trailer in filter(None, trailers.split("\x1e")):
            other, _, address = trailer.rpartition("<")
            people[_author(other or address, address.rstrip().removesuffix(">"))] = None
        if len(people) > MOST_AUTHORS:
            raise UsageError(f"more than {MOST_AUTHORS} people wrote the commits since what is there")
    return tuple(people)


async def _log(folder: Path, commit: str, since: Sequence[str]) -> bytes:
    """The messages of the commits; usually all commits of `since` exist, and one call of git is enough."""
    log = ("-C", str(folder), "log", "-z", f"--format={_FORMAT}", "--no-use-mailmap", commit)
    try:
        if since:
            return await git.run(*log, *(f"^{commit}" for commit in since))
    except UsageError:
        there = [commit for commit in since if await has(folder, commit)]
        if there:
            return await git.run(*log, *(f"^{commit}" for commit in there))
    return await git.run(*log, "--max-count=1")


def _author(name: str, email: str) -> Author:
    return Author(name=inputs.fitted(name), email=inputs.fitted(email))


async def _walk(folder: Path, *revisions: str) -> frozenset[str]:
    listed = await git.run("-C", str(folder), "rev-list", "--ignore-missing", *revisions)
    return frozenset(listed.decode().split())
