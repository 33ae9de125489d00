"""The history of a clone: its branches, tags and older commits, and what changed between two of them."""

from __future__ import annotations

from pathlib import Path

from sealane import inputs
from sealane.clients import git
from sealane.clients.git_access import OPEN, Access
from sealane.errors import NotThere, UsageError
from sealane.events.commits import Commit

_BRANCHES = "+refs/heads/*:refs/remotes/origin/*"
_TAGS = "+refs/tags/*:refs/tags/*"


async def complete(
    folder: Path,
    repository: str,
    commit: str,
    *,
    ref: str | None = None,
    depth: int | None = None,
    access: Access = OPEN,
) -> None:
    """Fetches the rest of the history into a clone of the commit: every branch, tag and older commit.

    With a depth, only so many commits and the tag of `ref`. Key: the folder; existing parts stay. Raises what `git.run`
    raises.
    """
    if depth is not None:
        tag = [f"+{ref}:{ref}"] if ref and ref.startswith("refs/tags/") else []
        if depth > 1 or tag:
            await _fetch(folder, repository, commit, *tag, access=access, how=(f"--depth={depth}",))
        return
    if is_shallow(folder):
        await _fetch(folder, repository, commit, _BRANCHES, _TAGS, access=access, how=("--unshallow",))
    else:
        await _fetch(folder, repository, _BRANCHES, _TAGS, access=access)


def is_shallow(folder: Path) -> bool:
    """Whether the clone lacks older commits."""
    return (folder / ".git" / "shallow").exists()


async def name_origin(folder: Path, url: str) -> None:
    """Records the clone's origin in it, as `git clone` does; whoever fetches from there needs their own credentials."""
    await git.run("-C", str(folder), "config", "remote.origin.url", url)
    await git.run("-C", str(folder), "config", "remote.origin.fetch", _BRANCHES)


async def bring(folder: Path, repository: str, commit: str, *, access: Access = OPEN) -> bool:
    """Whether the commit is in the clone, or could be fetched. Raises RepositoryUnavailable when the host is away."""
    if await _has(folder, commit):
        return True
    try:
        await _fetch(folder, repository, commit, access=access, how=("--depth=1",))
    except (UsageError, NotThere):
        return False
    return await _has(folder, commit)


async def branch_point(folder: Path, branch: str, commit: str) -> str | None:
    """The newest common commit of the commit and the origin's branch. None if there is none.

    Raises NotThere when the clone does not know the branch.
    """
    ref = f"refs/remotes/origin/{branch}"
    if not await _has(folder, ref):
        raise NotThere(f"there is no branch {branch}")
    try:
        return (await git.run("-C", str(folder), "merge-base", ref, commit)).decode().strip()
    except UsageError:
        return None


async def behind(folder: Path, branch: str, commit: str) -> int:
    """How many commits of the origin's branch the commit lacks; 0 where the clone does not know."""
    try:
        counted = await git.run("-C", str(folder), "rev-list", "--count", f"{commit}..refs/remotes/origin/{branch}")
    except UsageError:
        return 0
    return int(counted)


async def changed(folder: Path, base: str | None, commit: str) -> tuple[str, ...]:
    """All paths whose content differs between two commits; without a base, all paths of the commit.

    Raises CommitTooLarge for either: git compares in memory, and says nothing before it has compared everything.
    """
    if base is None:
        lines = await git.listed(folder, commit)
        named = [line.partition(b"\t")[2] for line in lines]
    else:
        for side in (base, commit):
            await git.check_files(folder, side)
        printed = await git.run("-C", str(folder), "diff", "--name-only", "-z", "--no-renames", base, commit)
        named = printed.split(b"\0")
    return tuple(path.decode(errors="replace") for path in named if path)


async def commits(folder: Path, commit: str, *, most: int) -> tuple[Commit, ...]:
    """The commit and those before it, newest first; without commits whose parents are missing in the clone.

    Texts of people become one line each.
    """
    form = "--format=%H%x1f%P%x1f%an%x1f%s"
    output = await git.run("-C", str(folder), "log", "-z", "--no-show-signature", f"--max-count={most}", form, commit)
    shallow = folder / ".git" / "shallow"
    cut = set(shallow.read_text().split()) if is_shallow(folder) else set()
    records = (line.split("\x1f", 3) for line in output.decode(errors="replace").split("\0") if line)
    return tuple(
        Commit(id=name, parents=tuple(parents.split()), author=inputs.fitted(author), subject=inputs.fitted(subject))
        for name, parents, author, subject in records
        if name not in cut
    )


async def _has(folder: Path, commit: str) -> bool:
    try:
        await git.run("-C", str(folder), "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
    except UsageError:
        return False
    return True


async def _fetch(folder: Path, repository: str, *wanted: str, access: Access, how: tuple[str, ...] = ()) -> None:
    async with git.speaking(access, repository) as environment:
        await git.fetch(folder, repository, *wanted, environment=environment, options=how)
