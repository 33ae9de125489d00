"""Paths as people give them: `~` is somebody's home, and what is kept for later doesn't depend on where one stood."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """The path with `~` and `~user` replaced, which shells leave in `--data=~/x`. ValueError when nobody is called so."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        message = f"{path}: {str(error).rstrip('.').lower()}"
        raise ValueError(message) from error


def absolute(path: str | Path, base: Path | None = None) -> Path:
    """The path from the root, below `base` (where the process stands, by default). Links stay as they are.

    Raises ValueError for the home of nobody.
    """
    return Path(os.path.abspath((base or Path.cwd()) / expanded(path)))  # noqa: PTH100 - resolve() would follow links
