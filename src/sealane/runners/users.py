"""The user of a step, chosen so that it can write its workspace and its owner can remove what it leaves there."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import ContainerSpec
from sealane.runners import ownership
from sealane.runners.model import WORKSPACE, Workspace
from sealane.runners.ownership import ChownContainer
from sealane.runners.port import Output

_HOME = "/tmp"  # noqa: S108 - in a container: the home of a user that its image does not know


async def chosen(engine: Engine, container: ContainerSpec, workspace: Workspace) -> str:
    """The user of a container, its own or its image's, where a workspace depends on it; empty for root.

    Raises ImageMissing.
    """
    if workspace.folder is None:
        return ""
    return container.user or await engine.image_user(container.image)


async def settled(
    engine: Engine, container: ContainerSpec, workspace: Workspace, user: str, output: Output
) -> ContainerSpec:
    """The container to create instead of the one just created, or the same one if it may stay.

    A clone's files are given to the step's user. In a developer's own folder, no file changes its owner: the step runs as
    the developer's user instead of the image's.
    """
    if workspace.folder is None:
        return container
    if ownership.is_root(user):
        return container
    if workspace.own:
        problem = await ownership.hand_over(engine, _errand(container.name, container, workspace.top), user)
        if problem and await _is_known(engine, container, user):  # for others, the engine reports it
            output(f"user {user} may not write the workspace: {problem}\n".encode())
        return container
    return await _as_developer(engine, container, workspace.folder, user, output)


async def _is_known(engine: Engine, container: ContainerSpec, user: str) -> bool:
    passwd = await engine.read(container.name, "/etc/passwd") or b""
    return ownership.knows(passwd.decode(errors="replace"), user)


async def _as_developer(
    engine: Engine, container: ContainerSpec, folder: Path, user: str, output: Output
) -> ContainerSpec:
    developer = ownership.owner(folder)
    passwd = await engine.read(container.name, "/etc/passwd") or b""
    who = ownership.in_passwd(passwd.decode(errors="replace"), user)
    if who is None or sys.platform == "darwin":  # there, any user may write folders shared with the engine
        return container
    if await engine.is_rootless():
        return replace(container, user_mapping=f"keep-id:uid={who.uid},gid={who.gid}") if engine.podman else container
    if who.uid == developer.uid:
        return container
    if container.user:
        words = (
            f"runs as user {user}, and the folder is user {developer.uid}'s; `--clean` runs a clone that is handed over"
        )
        output(f"{words}\n".encode())
        return container
    output(f"runs as user {developer.uid}, whose folder it is, in the place of the image's user {user}\n".encode())
    return replace(container, user=str(developer), environment={"HOME": _HOME, **container.environment})


async def give_back(
    engine: Engine, workspace: Workspace, *, since: float, name: str, image: str | None, labels: Mapping[str, str]
) -> None:
    """Gives files that steps left in a folder to its owner. The run's containers must be gone.

    Raises EngineFailed when that can't be done in a developer's folder.
    """
    mine = os.geteuid() == 0
    if workspace.folder is None or (workspace.own and mine):
        return
    top = (workspace.repository or workspace.folder) if workspace.own else workspace.folder
    strangers = ownership.strangers(top, since=None if workspace.own else since)
    paths = await asyncio.to_thread(lambda: list(itertools.islice(strangers, ownership.MOST_NAMED)))
    if not paths or (mine and await asyncio.to_thread(ownership.give_directly, paths, ownership.owner(top))):
        return
    problem: str | None = "there was no image to do it with"
    if image is not None:
        spec = ContainerSpec(name=name, image=image, labels=labels, binds=workspace.binds, log_bytes=1)
        errand = _errand(name, spec, workspace.top if workspace.own else WORKSPACE)
        problem = await ownership.give_back(engine, errand, [str(path.relative_to(top)) for path in paths])
    if problem and not workspace.own:
        raise errors.EngineFailed(
            f"{len(paths)} files of other users stay in {top}: {problem}", hint=f"sudo chown -R $(id -u):$(id -g) {top}"
        )


def _errand(name: str, container: ContainerSpec, top: str) -> ChownContainer:
    name = f"{name}-owner"
    labels = {key: value for key, value in container.labels.items() if key in ownership.KEPT_LABELS}
    labels[ownership.ERRAND] = name
    return ChownContainer(name=name, image=container.image, labels=labels, binds=container.binds, top=top)
