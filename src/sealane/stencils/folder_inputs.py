"""The folders that a formation's stencils name, read from the files of one commit or working tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sealane.configfiles.trees import FileMissing, Tree, Unreadable
from sealane.findings import Finding
from sealane.stencils.folders import Folders, named
from sealane.stencils.sources import Stencil

MOST = 2 * 1024 * 1024
"""Most bytes of the files of one folder."""
_HIDDEN = (".terraform.lock.hcl",)
"""Files that belong to it although their names begin with a dot."""


def gather(tree: Tree, stencils: Iterable[Stencil]) -> tuple[Folders, list[Finding]]:
    """The folders that the stencils name."""
    folders: dict[str, Mapping[str, str]] = {}
    findings: list[Finding] = []
    for stencil in stencils:
        folder = named(stencil.document.value)
        if folder is None:
            continue
        try:
            folders[folder] = _texts(tree, folder)
        except Unreadable as problem:
            place = stencil.document.place(("spec", "folder"))
            findings.append(Finding(message=f"can't read {folder}: {problem.message}", place=place))
    return folders, findings


def _texts(tree: Tree, folder: str) -> dict[str, str]:
    paths = [*tree.files(folder), *(f"{folder}/{name}" for name in _HIDDEN)]
    texts: dict[str, str] = {}
    total = 0
    for path in paths:
        try:
            content = tree.read(path)
            text = content.decode("utf-8-sig")
        except FileMissing:
            continue
        except UnicodeDecodeError:
            raise Unreadable(f"{path} is no text") from None
        total += len(content)
        if total > MOST:
            raise Unreadable(f"its files have more than {MOST} bytes")
        texts[path.removeprefix(f"{folder}/")] = text
    return texts
