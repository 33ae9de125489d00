"""The names of formations, from the names of their files alone. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sealane.configfiles.trees import Tree

FOLDER = "deploy/formations"
ENDINGS = (".yaml", ".yml")


def names(tree: Tree) -> tuple[str, ...]:
    """The formations that have a file, sorted."""
    files = (PurePosixPath(path) for path in tree.files(FOLDER))
    return tuple(sorted({file.stem for file in files if file.suffix in ENDINGS and str(file.parent) == FOLDER}))
