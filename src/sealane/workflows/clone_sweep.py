"""Removes unused clones: of runs and deployments that ended, were killed on the way, or are unknown."""

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
"""Seconds for which a clone of an unknown owner is kept: a request makes it before it stores its deployment."""


async def sweep(store: Store, settings: Settings) -> None:
    """Removes them. A clone that can't be removed is logged, and tried again by the next sweep."""
    for path in await asyncio.to_thread(_clones, settings.workspaces):
        if await _is_left(path, store, settings):
            await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
            if path.exists():
                _log.warning("a clone is left that can't be removed: %s", path)


def _clones(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def _is_left(path: Path, store: Store, settings: Settings) -> bool:
    owner = path.name.partition(".")[0]  # a clone, or the commit's objects beside it
    try:
        run = await store.runs.get(owner)
    except NotThere:
        pass
    else:
        is_wanted = settings.runs.keep_workspaces and not path.name.endswith(_MAKING)
        return run.ended is not None and not is_wanted
    try:
        return (await store.deployments.get(owner)).state is DeploymentState.ENDED
    except NotThere:
        return await asyncio.to_thread(_is_old, path)


def _is_old(path: Path) -> bool:
    """Whether it is old by the file's own time; something already gone is not."""
    return path.exists() and time.time() - path.lstat().st_mtime > _YOUNG
