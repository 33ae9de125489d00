"""Parts of a repository that a run on a server would lack. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sealane.findings import Finding, Place, Severity
from sealane.pipelines.model import Clone

SUBMODULES = ".gitmodules"
ATTRIBUTES = ".gitattributes"


def lacking(clone: Clone, *, submodules: bool, lfs: bool, above: str = "") -> Iterator[Finding]:
    """Warnings for parts that the file says nothing about. `above` leads to the folder that shows them: `../../`."""
    if submodules and clone.submodules is None:
        yield Finding(
            message="the repository has submodules, which a run on a server does not fetch: their folders are empty",
            place=Place(file=f"{above}{SUBMODULES}"),
            hint="write clone: {submodules: true}, or false where no step needs them",
            severity=Severity.WARNING,
        )
    if lfs and clone.lfs is None:
        yield Finding(
            message="the repository has files of Git LFS, which a run on a server does not fetch: it sees their pointers",
            place=Place(file=f"{above}{ATTRIBUTES}"),
            hint="write clone: {lfs: true}, or false where no step needs them",
            severity=Severity.WARNING,
        )


def uses_lfs(attributes: str) -> bool:
    """Whether a `.gitattributes` puts files into Git LFS."""
    lines = (line for line in attributes.splitlines() if not line.lstrip().startswith("#"))
    return any("filter=lfs" in line.split()[1:] for line in lines)
