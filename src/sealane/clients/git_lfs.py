"""Files of Git LFS in a clone: which of them are only pointers, and the files in their place."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sealane.clients import git
from sealane.errors import UsageError

PROGRAM = "git-lfs"
_LONGEST = 1024
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*size ([0-9]{1,18})\n?")
_SETTINGS = {
    "filter.lfs.process": "git-lfs filter-process",
    "filter.lfs.smudge": "git-lfs smudge -- %f",
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.required": "true",
}


async def pointers(folder: Path) -> dict[str, int]:
    """Paths of files whose content stays at the host, with the bytes that each would have."""
    try:
        named = await git.run("-C", str(folder), "ls-files", "-z", "--", ":(attr:filter=lfs)")
    except UsageError:
        return {}
    paths = (path for path in named.decode(errors="surrogateescape").split("\0") if path)
    return {path: size for path in paths if (size := _pointer(folder / path)) is not None}


async def fetch(folder: Path, repository: str, *, credentials: str | None) -> None:
    """Puts the files in the place of their pointers. Key: the clone; those that are there stay.

    They come from the repository itself, whatever a `.lfsconfig` in it says. Raises UsageError where the program is
    missing, the repository keeps none, or they are too large; RepositoryUnavailable.
    """
    wanted = await pointers(folder)
    if not wanted:
        return
    if shutil.which(PROGRAM) is None:
        message = f"files of Git LFS can't be fetched: this machine has no {PROGRAM} ({len(wanted)} wanted)"
        raise UsageError(message, mend="apt-get install git-lfs on the server's machines, or clone: {lfs: false}")
    if "://" not in repository:
        message = "files of Git LFS can't be fetched: a repository that Sealane serves keeps none"
        raise UsageError(message, mend="keep the repository at a git host, or clone: {lfs: false}")
    if sum(wanted.values()) > git.MOST_BYTES:
        raise UsageError(f"the files of Git LFS have more than {git.MOST_BYTES} bytes")
    url = f"{repository.rstrip('/').removesuffix('.git')}.git"
    settings = {**_SETTINGS, "lfs.url": f"{url}/info/lfs", "remote.origin.url": url}
    if credentials:  # for the repository's own address: the files themselves may be elsewhere, and signed for already
        settings[f"http.{url}.extraHeader"] = git.signing_in(credentials)
    await git.run("-C", str(folder), "lfs", "pull", "origin", environment=git.quiet(None, settings))
    if left := await pointers(folder):
        raise UsageError(f"{len(left)} files of Git LFS are not at {repository}: {next(iter(left))}")


def _pointer(path: Path) -> int | None:
    """The size that a pointer states; None for what is none. Links are not followed."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        found = _POINTER.fullmatch(file.read(_LONGEST))
    return int(found[1]) if found else None
