"""The mounts below the bed's folder: pods' volumes, containers' layers, network namespaces."""

from __future__ import annotations

import re
from pathlib import Path

from testbed.commands import run
from testbed.layout import Layout


def below(folder: Path) -> list[str]:
    """The mount points below `folder`, innermost first."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), line.split()[4])
        if point.startswith(f"{folder}/"):
            points.append(point)
    return points[::-1]


def remove(layout: Layout) -> None:
    """Unmount everything below the bed's folder, stacked mounts too."""
    while points := below(layout.run):
        # Lazily, because a stranger with a file open there (a shell, an indexer) must not keep the bed from ending.
        run(["umount", "--lazy", *points])
