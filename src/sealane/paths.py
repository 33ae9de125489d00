"""Paths as people type them: `~` is a home folder, and a stored path doesn't depend on the working folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path


def without(folders: Iterable[Path]) -> Callable[[str], str]:
    """Shortens paths below these folders in a text, to `environments/qa.yaml`, and a folder to its name.

    Users of a server read its errors, and should not learn where its folders are.
    """
    named = sorted({str(absolute(folder)).rstrip("/") for folder in folders} - {""}, key=len, reverse=True)
    if not named:
        return lambda text: text
    pattern = re.compile(rf"(?<![\w/.~-])({'|'.join(map(re.escape, named))})(?:/(?=[\w.~-])|(?![\w.~-]))")

    def shorter(text: str) -> str:
        return pattern.sub(lambda match: "" if match[0].endswith("/") else os.path.basename(match[1]), text)  # noqa: PTH119

    return shorter


def expanded(path: str | Path) -> Path:
    """The path with `~` and `~user` replaced; shells leave them in `--data=~/x`. Raises ValueError for an unknown user."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        message = f"{path}: {str(error).rstrip('.').lower()}"
        raise ValueError(message) from error


def absolute(path: str | Path, base: Path | None = None) -> Path:
    """The absolute path, relative to `base` (by default the working folder). Links stay as they are.

    Raises ValueError for an unknown user's home.
    """
    return Path(os.path.abspath((base or Path.cwd()) / expanded(path)))  # noqa: PTH100 - resolve() would follow links
