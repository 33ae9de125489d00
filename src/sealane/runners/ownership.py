"""Ownership of a workspace's files: given to a step's user in a clone, given back to a developer after a run.

A container with root does both, from an image that is there anyway: only it knows the names of users, and the number of
this machine's user in containers. Files that a clone's steps gave to others could not be removed without it, either.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import ContainerSpec
from sealane.errors import SealaneError
from sealane.runners import log_follow, scripts

MOST_NAMED = 20_000
"""Most files that are given back one by one; a folder counts as one."""

ERRAND = "sealane.errand"
"""The label with the name of such a root container."""

KEPT_LABELS = ("sealane.run", "sealane.owner")
"""Labels that connect it with its run."""

_HAND_OVER = """
top={top} user={user}
chmod a+rwx "$top"
for each in "$top"/* "$top"/.[!.]* "$top"/..?*; do
  if [ -e "$each" ] || [ -L "$each" ]; then chown -hR "$user" "$each"; fi
done
"""
"""The top folder keeps its owner, so that the original owner is known. Its mode shows only to who may enter its parent."""

_GIVE_BACK = """
cd {top}
owner=$(stat -c %u:%g .)
chown -hR "$owner" {paths}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A user and a group by their numbers."""

    uid: int
    gid: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChownContainer:
    """Settings of a root container."""

    name: str
    image: str
    labels: Mapping[str, str]
    binds: tuple[str, ...]
    top: str
    """The folder in the container that holds the workspace."""


def is_root(user: str | None) -> bool:
    """Whether a user, written as in images and steps, is root."""
    return (user or "").partition(":")[0] in {"", "0", "root"}


def owner(folder: Path) -> Owner:
    """The owner of the folder."""
    about = folder.stat()
    return Owner(uid=about.st_uid, gid=about.st_gid)


def in_passwd(passwd: str, user: str) -> Owner | None:
    """The numbers of a `user[:group]`, using an image's list of users; None for an unknown name."""
    name, _, group = user.partition(":")
    listed = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 3]
    entry = next((entry for entry in listed if name in (entry[0], entry[2])), None)
    uid = name if name.isdigit() else entry[2] if entry else ""
    gid = group if group.isdigit() else entry[3] if entry else "0"
    return Owner(uid=int(uid), gid=int(gid)) if uid.isdigit() and gid.isdigit() else None


def knows(passwd: str, user: str) -> bool:
    """Whether an image's list has the user; every number is accepted."""
    name = user.partition(":")[0]
    return name.isdigit() or any(line.partition(":")[0] == name for line in passwd.splitlines())


def strangers(folder: Path, *, since: float | None) -> Iterator[Path]:
    """Files changed since then that don't belong to the folder's owner; a foreign folder is given without its content."""
    whose = folder.stat().st_uid
    unseen = [folder]
    while unseen:
        try:
            entries = list(os.scandir(unseen.pop()))
        except OSError:  # not readable, or gone
            continue
        for entry in entries:
            about = entry.stat(follow_symlinks=False)
            if about.st_uid != whose and (since is None or about.st_ctime >= since):
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                unseen.append(Path(entry.path))


def give_directly(paths: Sequence[Path], to: Owner) -> bool:
    """Gives files, and folders with their content, to an owner; False when this process may not."""
    try:
        for path in paths:
            for above, folders, files in os.walk(path):
                for name in (*folders, *files):
                    os.chown(Path(above) / name, to.uid, to.gid, follow_symlinks=False)
            os.chown(path, to.uid, to.gid, follow_symlinks=False)
    except OSError:
        return False
    return True


async def hand_over(engine: Engine, errand: ChownContainer, user: str) -> str | None:
    """Gives a clone's files to a user; returns why it failed, if so."""
    return await _as_root(engine, errand, _HAND_OVER.format(top=shlex.quote(errand.top), user=shlex.quote(user)))


async def give_back(engine: Engine, errand: ChownContainer, paths: Sequence[str]) -> str | None:
    """Gives files, by paths from the top, to the top's owner; returns why it failed, if so."""
    named = " ".join(shlex.quote(f"./{path}") for path in paths)
    return await _as_root(engine, errand, _GIVE_BACK.format(top=shlex.quote(errand.top), paths=named))


async def _as_root(engine: Engine, errand: ChownContainer, script: str) -> str | None:
    spec = ContainerSpec(
        name=errand.name,
        image=errand.image,
        entrypoint=scripts.ENTRYPOINT,
        command=("-c", f". {scripts.FILE}", "sh"),
        user="0:0",
        labels=errand.labels,
        binds=errand.binds,
        files={scripts.FILE: script.encode()},
        unlabelled=True,
        log_bytes=1024 * 1024,
    )
    try:
        await engine.create(spec)
        await engine.put(spec.name, spec.files)
        await engine.start(spec.name)
        state = await log_follow.ended(engine, spec.name)
    except errors.CannotExecute:
        return f"image {errand.image} has no /bin/sh"
    except SealaneError as error:
        return str(error)
    finally:
        for container in await engine.containers(f"{ERRAND}={spec.name}"):
            await engine.remove(container)
    return None if state is not None and state.exit_code == 0 else f"image {errand.image} has no chown that can do it"
