"""Folders for fresh clones: each is removed with its run, and leftovers of killed runs with the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sealane import paths
from sealane.runners import process_identity


@contextmanager
def clone_folder(*, wanted: bool, environ: Mapping[str, str] = os.environ) -> Iterator[Path | None]:
    """A new temporary folder, removed afterwards; None when it isn't wanted.

    It is below the user's cache folder, because the engines of macOS see only the user's own folders.
    """
    if not wanted:
        yield None
        return
    cache = paths.absolute(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sealane" / "clones"
    cache.mkdir(parents=True, exist_ok=True)
    _sweep(cache)
    folder = Path(tempfile.mkdtemp(prefix=f"{_owner_in_a_name()}~", dir=cache))
    try:
        yield folder / "work"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner_in_a_name() -> str:
    return str(process_identity.this_process()).replace("/", "~")


def _sweep(cache: Path) -> None:
    for folder in cache.iterdir():
        owner = process_identity.parse("/".join(folder.name.split("~")[:3]))
        if owner is not None and process_identity.is_gone(owner):
            shutil.rmtree(folder, ignore_errors=True)
