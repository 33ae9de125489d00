"""Paths as people give them: `~` is somebody's home, and what is kept for later doesn't depend on where one stood."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path


def without(folders: Iterable[Path]) -> Callable[[str], str]:
    """Names files below these folders in texts from the folder on, `environments/qa.yaml`, and a folder by its name alone.

    People of a server's apps read its errors: where its folders lie is nobody's business.
    """
    named = sorted({str(absolute(folder)).rstrip("/") for folder in folders} - {""}, key=len, reverse=True)
    if not named:
        return lambda text: text
    pattern = re.compile(rf"(?<![\w/.~-])({'|'.join(map(re.escape, named))})(?:/(?=[\w.~-])|(?![\w.~-]))")

    def shorter(text: str) -> str:
        return pattern.sub(lambda match: "" if match[0].endswith("/") else os.path.basename(match[1]), text)  # noqa: PTH119

    return shorter


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
