"""Submodules of a clone, each fetched like the clone itself: never by git's own command, which trusts what was pushed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sealane.clients import git, git_urls
from sealane.clients.addresses import NotListed
from sealane.clients.git_access import OPEN, Access
from sealane.errors import UsageError

FILE = ".gitmodules"
MOST = 50
"""Most submodules of one clone, including those of submodules."""
_DEEPEST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Allowed sources of submodules, and the credentials for them."""

    base: str
    """URL of the repository itself, to which URLs may be relative."""
    allowed: Sequence[str]
    """Globs of host and path."""
    hint: str
    """What people can do when one is not allowed."""
    access: Access = OPEN
    """The access for the repository itself. Once a glob allows it, a submodule's own host may be contacted, too."""


async def links(folder: Path, commit: str) -> dict[str, str]:
    """Paths of the commit's submodules, and the commit of each."""
    entries = (line.decode(errors="replace").partition("\t") for line in await git.listed(folder, commit))
    return {path: how.split()[2] for how, _, path in entries if how.startswith("160000 ")}


async def fetch(folder: Path, commit: str, rules: Rules, *, recursive: bool) -> None:
    """Fetches the commit's submodules into the clone. Key: the folder; those already there stay.

    Raises UsageError for one that is not allowed, not described or too large, NotThere for a commit that its repository
    lacks, RepositoryUnavailable.
    """
    await _fetch(folder, commit, rules, _Budget(), deepest=_DEEPEST if recursive else 1)


class _Budget:
    """What all submodules together may still use."""

    def __init__(self) -> None:
        self.left = MOST
        self.bytes = git.MOST_BYTES

    async def take(self, folder: Path, commit: str) -> None:
        self.left -= 1
        self.bytes -= await git.size(folder, commit)
        if self.left < 0:
            raise UsageError(f"the repository has more than {MOST} submodules")
        if self.bytes < 0:
            raise UsageError(f"the submodules' files have more than {git.MOST_BYTES} bytes together")


async def _fetch(folder: Path, commit: str, rules: Rules, budget: _Budget, *, deepest: int) -> None:
    wanted = await links(folder, commit)
    urls = await _urls(folder, commit) if wanted else {}
    for path, at in wanted.items():
        url = _url(path, urls, rules)
        access = naming(rules.access, url)
        target = folder / path
        try:
            await _place(url, at, target, folder, access)
        except (UsageError, NotListed) as error:
            raise type(error)(f"the submodule {path} can't be fetched: {error.message}", hint=error.hint) from error
        await budget.take(target, at)
        if deepest > 1:
            below = replace(rules, base=url)
            await _fetch(target, at, below, budget, deepest=deepest - 1)


def naming(access: Access, url: str) -> Access:
    """The access with the host of an allowed URL added."""
    if access.allowed is None:
        return access
    host = git_urls.host(url)
    return replace(access, allowed=replace(access.allowed, names=(*access.allowed.names, host)))


def _url(path: str, urls: Mapping[str, str], rules: Rules) -> str:
    if path not in urls:
        raise UsageError(f"{FILE} says no url for the submodule {path}", hint=f"git submodule add URL {path}")
    try:
        url = git_urls.resolve(urls[path], rules.base)
    except UsageError as error:
        message = f"the submodule {path} is not fetched from {urls[path][:200]!r}: {error.message}"
        raise UsageError(message, hint=f"write its URL in {FILE}, https://…") from error
    if not git_urls.is_allowed(url, rules.allowed):
        message = f"the submodule {path} is not fetched: submodules may not come from {git_urls.place(url)}"
        raise UsageError(message, hint=rules.hint)
    return url


async def _place(url: str, commit: str, target: Path, folder: Path, access: Access) -> None:
    """Clones beside the folder, where none of its files is in the way, and moves the clone to its place."""
    if await git.head(target) == commit:
        return
    if not await asyncio.to_thread(_is_own, target, folder):
        raise UsageError("its place is not a folder of the repository")
    made = folder.with_name(f"{folder.name}.submodule")
    await git.checkout(url, commit, made, access=access)
    await asyncio.to_thread(shutil.rmtree, target)
    made.rename(target)


def _is_own(target: Path, folder: Path) -> bool:
    """Whether it is a folder of the clone that is reached without links."""
    return target.is_dir() and target.resolve() == folder.resolve() / target.relative_to(folder)


async def _urls(folder: Path, commit: str) -> dict[str, str]:
    """URLs by path, from the commit itself: neither from the working tree nor from files that it includes."""
    pattern = r"^submodule\..*\.(path|url)$"
    reading = ("config", "--no-includes", f"--blob={commit}:{FILE}")
    try:
        output = await git.run("-C", str(folder), *reading, "-z", "--get-regexp", pattern)
    except UsageError:
        return {}
    return _paired(entry.partition("\n") for entry in output.decode(errors="replace").split("\0") if entry)


def _paired(entries: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    modules: dict[str, dict[str, str]] = {}
    for key, _, value in entries:
        name, _, kind = key.rpartition(".")
        modules.setdefault(name, {})[kind] = value
    return {entry["path"].strip("/"): entry["url"] for entry in modules.values() if "path" in entry and "url" in entry}
