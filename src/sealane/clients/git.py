"""Commits checked out for a run. Their content is hostile: no hooks, no submodules, limits for files and bytes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sealane.clients import git_access, programs
from sealane.clients.git_access import OPEN, Access
from sealane.errors import NotThere, SealaneError, Unavailable, UsageError

MOST_FILES = 100_000
MOST_BYTES = 1024 * 1024 * 1024
"""Most bytes of one commit when it is checked out."""

_MOST_LISTED = 64 * 1024 * 1024
"""Most bytes of git's output about a commit: a tree of a few objects can name a vast number of files."""
_FOLDER = b"040000 "
_MOST_MEMORY = 2 * 1024 * 1024 * 1024
"""Most bytes of memory of a git process: a few bytes of a pack can define an object of any size, which git builds in
memory.

Objects that are packed whole are not held in memory, whatever their size; ordinary git programs push files above 512
MiB so.
"""
_MOST_PROCESSOR = 120
"""Most seconds of a processor of a git process that works on this machine: a line of `.gitattributes` with many `**/`
takes years to compare with a deep path. A checkout of what is let in takes far less."""
_PATIENCE = 600.0
_AS_EVERYWHERE = 0o022
"""The umask for files of a clone, independent of the server's own: their modes go into images."""
_DEPTH = "--depth=1"
_NOT_ANSWERING = (
    "could not resolve host",
    "connection refused",
    "timed out",
    "could not connect",
    "the requested url returned error: 5",
    "early eof",
    "hung up unexpectedly",
    "empty reply from server",
    "recv failure",
    "rpc failed",
    "connection closed",
)


class RepositoryUnavailable(Unavailable):
    """The repository's host did not answer."""


class CommitTooLarge(UsageError):
    """The commit has more files or bytes than are looked at."""


async def checkout(repository: str, commit: str, folder: Path, *, access: Access = OPEN) -> None:
    """Puts the commit's files into the folder, without its history, which `git_history` brings.

    `repository` is a URL or a path. Key: the folder; one that already holds this commit is left alone, an incomplete
    one is made again. Raises RepositoryUnavailable, NotListed for what the access does not allow, NotThere for a commit
    that does not exist, CommitTooLarge.
    """
    if await head(folder) == commit:
        return
    making = folder.with_name(f"{folder.name}.making")
    for stale in (making, folder):
        await asyncio.to_thread(shutil.rmtree, stale, ignore_errors=True)
    making.parent.mkdir(parents=True, exist_ok=True)
    try:
        await run("init", "--quiet", str(making))
        async with speaking(access, repository) as environment:
            await fetch_commit(making, repository, commit, environment)
        await run("-C", str(making), "checkout", "--quiet", "--detach", commit)
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)  # here: a cancelled task can't wait for anything
        raise


async def fetch_commit(folder: Path, repository: str, commit: str, environment: Mapping[str, str]) -> None:
    """Fetches one commit into a repository, within the limits. Raises what `checkout` raises."""
    await _fetch(folder, repository, commit, environment)
    await _measure(folder, commit)


async def run(*arguments: str, environment: Mapping[str, str] | None = None, umask: int = _AS_EVERYWHERE) -> bytes:
    """Runs git on this machine and returns its output.

    Raises RepositoryUnavailable when a host does not answer, CommitTooLarge for too much output or work, UsageError
    for git's other errors, Unavailable when git is missing.
    """
    return await _run(command(*arguments, processor=_MOST_PROCESSOR), environment or quiet(), umask)


async def fetch(
    folder: Path, repository: str, *references: str, environment: Mapping[str, str], options: Sequence[str] = ()
) -> None:
    """Fetches from a repository; git may use a processor as long as a host has patience. Raises what `run` raises."""
    arguments = (*fetching(repository), *options, "--", repository, *references)
    await _run(command("-C", str(folder), *arguments), environment, _AS_EVERYWHERE)


async def _run(limited: tuple[str, ...], environment: Mapping[str, str], umask: int) -> bytes:
    try:
        ended = await programs.run(*limited, within=_PATIENCE, environment=environment, umask=umask, limit=_MOST_LISTED)
    except programs.PrintsTooMuch as error:
        raise CommitTooLarge(f"git has more than {_MOST_LISTED} bytes to tell of the commit") from error
    except TimeoutError as error:
        raise RepositoryUnavailable(f"git took longer than {_PATIENCE:.0f} s") from error
    if ended.code == -signal.SIGXCPU:
        raise CommitTooLarge(f"git needs more than {_MOST_PROCESSOR} s of a processor for the commit")
    if ended.code:
        kind = RepositoryUnavailable if any(words in ended.said.lower() for words in _NOT_ANSWERING) else UsageError
        raise kind(f"git says: {ended.said}")
    return ended.out


def command(*arguments: str, processor: int | None = None) -> tuple[str, ...]:
    """The command of a git process with limits of memory and seconds of a processor, also of those that it starts.

    Raises Unavailable when git is missing.
    """
    program = shutil.which("git")
    if program is None:
        raise Unavailable("there is no git on this machine", hint="apt-get install git")
    time = "" if processor is None else f"ulimit -S -t {processor} 2>/dev/null; "
    limited = f'{time}ulimit -d {_MOST_MEMORY // 1024} 2>/dev/null; exec "$0" "$@"'
    return ("/bin/sh", "-c", limited, program, *arguments)


def fetching(repository: str) -> tuple[str, ...]:
    """The beginning of a fetch command from there, without tags and submodules.

    A folder is readable whoever owns it, because root reads another user's for `run --clean`; git's other process there
    does not get the environment's settings. It runs no hooks and fetches nothing itself (GIT_NO_LAZY_FETCH), so nothing
    of the folder is run.
    """
    trusting = ("--upload-pack=git -c 'safe.directory=*' upload-pack",) if Path(repository).is_dir() else ()
    return ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *trusting)


@asynccontextmanager
async def speaking(
    access: Access, repository: str, more: Mapping[str, str] | None = None
) -> AsyncIterator[dict[str, str]]:
    """The environment for commands that fetch from the repository, limited to hosts that the access allows.

    Raises NotListed, Unavailable.
    """
    async with git_access.opened(access, repository) as way:
        yield {**quiet({**way.settings, **(more or {})}), **way.variables}


def quiet(more: Mapping[str, str] | None = None, *, repeated: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """An environment in which git asks nobody, reads no user's settings, and runs and follows nothing it fetched.

    Nothing that was fetched or pushed may replace an object by another (git-replace(1)): a commit is defined by its
    hash. Programs that a repository's own settings name are replaced, because steps may write a clone's. `more` are
    settings for this one command, `repeated` those with several values.
    """
    settings = {
        "core.hooksPath": os.devnull,
        "core.fsmonitor": "false",
        "core.sshCommand": "ssh",
        "core.alternateRefsCommand": "true",  # git runs a single word itself, and `:` is no program
        "credential.helper": "",  # ends the list of those named before
        "http.followRedirects": "initial",  # so git takes no objects from where a host says that others are
        "protocol.allow": "never",
        "protocol.https.allow": "always",
        "protocol.http.allow": "always",
        "protocol.ssh.allow": "always",
        "protocol.file.allow": "always",
        "submodule.recurse": "false",
        "advice.detachedHead": "false",
        "gc.auto": "0",
        "safe.directory": "*",
        **(more or {}),
    }
    given = [*settings.items(), *repeated]
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(given)}
    numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(given)}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(given)),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
        **numbered,
    }


async def head(folder: Path) -> str | None:
    """The current commit of a clone; None if there is no clone."""
    if not (folder / ".git").is_dir():
        return None
    try:
        return (await run("-C", str(folder), "rev-parse", "HEAD")).decode().strip()
    except UsageError:
        return None


async def checked_out(folder: Path) -> str | None:
    """The commit that a person's folder is at; None without git, or before the first commit."""
    try:
        return (await run("-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD")).decode().strip()
    except SealaneError:
        return None


async def _fetch(folder: Path, repository: str, commit: str, environment: Mapping[str, str]) -> None:
    """Fetches only the commit if the host allows it, else every branch and tag."""
    try:
        await fetch(folder, repository, commit, environment=environment, options=(_DEPTH,))
    except UsageError:
        everything = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
        await fetch(folder, repository, *everything, environment=environment)
    try:
        await run("-C", str(folder), "cat-file", "-e", f"{commit}^{{commit}}", environment=environment)
    except UsageError as error:
        raise NotThere(f"commit {commit[:12]} is not in {repository}") from error


async def _measure(folder: Path, commit: str) -> None:
    """Refuses a commit that would fill the disk, before any of its files is written."""
    await check_files(folder, commit)
    if (sizes := await size(folder, commit)) > MOST_BYTES:
        raise CommitTooLarge(f"the commit's files have {sizes} bytes; at most {MOST_BYTES} are checked out")


async def check_files(folder: Path, commit: str) -> None:
    """Raises CommitTooLarge for a commit with more than MOST_FILES files. Their sizes take a hundred times as long."""
    if (files := len(await listed(folder, commit))) > MOST_FILES:
        raise CommitTooLarge(f"the commit has {files} files; at most {MOST_FILES} are checked out")


async def listed(folder: Path, commit: str, *, sizes: bool = False) -> list[bytes]:
    """The commit's files, links and submodules, each in a line of git-ls-tree(1). Raises CommitTooLarge.

    Git lists the folders, too, which are left out here: a tree of a few objects can have a vast number of folders
    without a file, and git would look through them in silence.
    """
    long = ("-l",) if sizes else ()
    out = await run("-C", str(folder), "ls-tree", "-r", "-t", "-z", *long, "--full-tree", commit)
    return [line for line in out.split(b"\0") if line and not line.startswith(_FOLDER)]


async def size(folder: Path, commit: str) -> int:
    """Bytes of all files of a commit. Raises CommitTooLarge."""
    lines = await listed(folder, commit, sizes=True)
    return sum(int(size) for line in lines if (size := line.split(b"\t")[0].split()[-1]).isdigit())
