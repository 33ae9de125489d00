"""Finding the bed's processes without their records: shims, monitors, pods, and daemons of a lost start.

Never by name alone: a process counts when it carries the bed's mark in its environment, when it is one of the
programs below with the bed's folder in its command line, or when its root file system lies in the bed's folder.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Final

from testbed import cgroups
from testbed.errors import BedError
from testbed.layout import Layout
from testbed.processes import MARK, ancestors, born

_PROGRAMS: Final = frozenset(
    (
        *("containerd", "containerd-shim-runc-v2", "runc", "conmon", "podman", "netavark", "aardvark-dns"),
        *("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns"),
        *("etcd", "postgres", "docker-registry", "dockerd"),
    )
)
_SHIM: Final = "containerd-shim-runc-v2"


def find(layout: Layout) -> dict[int, str]:
    """The bed's processes with the time each was born."""
    pids = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    in_pods = cgroups.processes(layout)
    found = {}
    # An ancestor may be a shell with the bed's variables.
    for pid in pids - {os.getpid(), *ancestors()}:
        birth = born(pid)
        if birth is not None and (pid in in_pods or _belongs(layout, Path("/proc") / str(pid))):
            found[pid] = birth
    return found


def end_all(layout: Layout) -> None:
    """Kill the bed's processes, and those they start meanwhile, until there are none."""
    deadline = time.monotonic() + 30
    while found := find(layout):
        if time.monotonic() > deadline:
            raise BedError(f"these processes of the bed can't be ended: {', '.join(map(str, sorted(found)))}")
        for pid, birth in found.items():
            if born(pid) == birth:
                _kill(pid)
        time.sleep(0.05)


def shim_ids(layout: Layout) -> set[str]:
    """The containers and sandboxes that shims of this bed hold."""
    ids = set()
    for entry in Path("/proc").iterdir():
        words = _command(entry) if entry.name.isdigit() else []
        if words and Path(words[0]).name == _SHIM and str(layout.containerd_socket) in words and "-id" in words:
            ids.add(words[words.index("-id") + 1])
    return ids


def end_shims(layout: Layout) -> None:
    """Kill the shims, which outlive containerd by design."""
    for entry in Path("/proc").iterdir():
        words = _command(entry) if entry.name.isdigit() else []
        if words and Path(words[0]).name == _SHIM and str(layout.containerd_socket) in words:
            _kill(int(entry.name))


def _belongs(layout: Layout, process: Path) -> bool:
    below = f"{layout.run}/"
    words = _command(process)
    if words and Path(words[0]).name in _PROGRAMS and any(below in word for word in words[1:] or words):
        return True
    if f"{MARK}={layout.home}".encode() in _read(process / "environ").split(b"\0"):
        return True
    return below in _root_mount(process)


def _root_mount(process: Path) -> str:
    """The line of `mountinfo` about the process' root, which for a container names the layers it is made of."""
    for line in _read(process / "mountinfo").decode(errors="replace").splitlines():
        if re.match(r"\d+ \d+ \S+ \S+ / ", line):
            return line
    return ""


def _command(process: Path) -> list[str]:
    return _read(process / "cmdline").decode(errors="replace").rstrip("\0").split("\0")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended while we looked


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
