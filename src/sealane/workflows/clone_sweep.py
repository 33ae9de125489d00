"""Clones that nobody works in any more: of runs and deployments that ended, were killed on the way, or are unknown."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from pathlib import Path

from sealane.errors import NotThere
from sealane.records.deployments import DeploymentState
from sealane.settings.model import Settings
from sealane.store.all_stores import Store

_log = logging.getLogger(__name__)
_MAKING = ".making"
_YOUNG = 3600.0
"""Seconds for which a clone of something unknown is left: a request makes it before it stores its deployment."""


async def sweep(store: Store, settings: Settings) -> None:
    """Removes them; what can't be removed is told, and tried again by the next sweep."""
    for path in await asyncio.to_thread(_clones, settings.workspaces):
        if await _is_left(path, store, settings):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
            if path.exists():
                _log.warning("a clone is left that can't be removed: %s", path)


def _clones(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def _is_left(path: Path, store: Store, settings: Settings) -> bool:
    owner = path.name.partition(".")[0]  # a clone, or beside it what its commit says
    try:
        run = await store.runs.get(owner)
    except NotThere:
        pass
    else:
        kept = settings.runs.keep_workspaces and not path.name.endswith(_MAKING)
        return run.ended is not None and not kept
    try:
        return (await store.deployments.get(owner)).state is DeploymentState.ENDED
    except NotThere:
        return await asyncio.to_thread(_is_old, path)


def _is_old(path: Path) -> bool:
    """By the file's own clock; what has gone meanwhile is not."""
    return path.exists() and time.time() - path.lstat().st_mtime > _YOUNG
