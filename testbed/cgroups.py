"""Kubelet's root cgroup, in whichever form the kernel has them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

from testbed.layout import Layout

_ROOT: Final = Path("/sys/fs/cgroup")
_PODMAN: Final = "libpod_parent"
_INHERITED: Final = ("cpuset.cpus", "cpuset.mems")
_SHARES: Final = {"cpu.shares": 8192, "cpu.weight": 800}
"""Of the processor, in version 1 and 2: eight times that of another group, so that pods go on beside busy tests."""


def make(layout: Layout) -> None:
    """Make the cgroup below which kubelet puts every pod of this bed, and of no other."""
    for tree in _trees():
        group = tree / layout.cgroup
        group.mkdir(exist_ok=True)
        for name in _INHERITED:
            # In version 1 a new cpuset is empty, and no process can enter it.
            if (tree / name).exists() and (group / name).exists():
                (group / name).write_text((tree / name).read_text())
    unified = _ROOT / "cgroup.controllers"
    if unified.exists():
        wanted = " ".join(f"+{controller}" for controller in unified.read_text().split())
        for group in (_ROOT, _ROOT / layout.cgroup):
            (group / "cgroup.subtree_control").write_text(wanted)
    for tree in _trees():
        for name, share in _SHARES.items():
            file = tree / layout.cgroup / name
            if file.exists():
                file.write_text(str(share))


def processes(layout: Layout) -> set[int]:
    """The processes in the bed's cgroups: those of its pods and of its Docker, whoever their parent is by now."""
    found: set[int] = set()
    for group in _groups(layout):
        for listing in group.rglob("cgroup.procs"):
            found.update(map(int, listing.read_text().split()))
    return found - {0}


def remove(layout: Layout) -> None:
    """End what is left in the bed's cgroups and remove them, innermost first."""
    deadline = time.monotonic() + 20
    while groups := _groups(layout):
        for pid in processes(layout):
            os.kill(pid, signal.SIGKILL)
        gone = [_remove_tree(group) for group in groups]
        if all(gone) or time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _groups(layout: Layout) -> list[Path]:
    """The cgroups below which every pod of this bed is, and every container of its Docker."""
    wanted = (layout.cgroup, layout.docker_cgroup)
    return [group for tree in _trees() for name in wanted if (group := tree / name).exists()]


def remove_engine_groups(ids: set[str]) -> None:
    """Remove the cgroups of Podman's containers `ids`."""
    for tree in _trees():
        for group in (tree / _PODMAN).glob("libpod-*"):
            if any(one in group.name for one in ids):
                _remove_tree(group)


def engine_group_exists() -> bool:
    """Say whether some Podman of this machine has run containers."""
    return any((tree / _PODMAN).exists() for tree in _trees())


def remove_engine_group() -> None:
    """Remove the cgroup that all Podmans share, unless one has a container in it."""
    for tree in _trees():
        _remove_tree(tree / _PODMAN)


def _remove_tree(group: Path) -> bool:
    """Remove `group` and what is in it, innermost first; False when a process is still in one of them."""
    gone = True
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            Path(folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            gone = False
    return gone


def _trees() -> list[Path]:
    if (_ROOT / "cgroup.controllers").exists():
        return [_ROOT]
    # Several controllers may share a tree under different names.
    return sorted({path.resolve() for path in _ROOT.iterdir() if (path / "cgroup.procs").exists()})
