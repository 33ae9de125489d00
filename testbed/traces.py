"""Small things that the bed's daemons put at fixed places outside its folder."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Final

from testbed import belongings
from testbed.commands import succeeds
from testbed.layout import Layout

_SHIM_SOCKETS: Final = Path("/run/containerd/s")
_CNI_RESULTS: Final = Path("/var/lib/cni/results")
_LOG_LINKS: Final = Path("/var/log/containers")
_DEVICE_SOCKET: Final = Path("/var/lib/kubelet/device-plugins/kubelet.sock")
_SEGMENT_LINE: Final = 6


def sandbox_ids(layout: Layout) -> set[str]:
    """Every container and sandbox of which a trace can be left; to be asked before shims are ended."""
    kept = layout.containerd / "state" / "io.containerd.runtime.v2.task" / "k8s.io"
    plugin = layout.containerd / "root" / "io.containerd.grpc.v1.cri"
    ids = {entry.name for folder in (kept, plugin / "sandboxes", plugin / "containers") for entry in _entries(folder)}
    named = f"{layout.pod_network}-"
    ids |= {
        entry.name.removeprefix(named).split("-")[0] for entry in _entries(_CNI_RESULTS) if entry.name.startswith(named)
    }
    return ids | belongings.shim_ids(layout)


def docker_ids(layout: Layout) -> set[str]:
    """The containers of Docker's engine."""
    return {entry.name for entry in _entries(layout.docker / "data" / "containers")}


def container_ids(layout: Layout) -> set[str]:
    """The engine's containers."""
    return {entry.name for entry in _entries(layout.engine / "storage" / "overlay-containers")}


def remove(layout: Layout, ids: set[str]) -> None:
    """Remove what the containers `ids` and the daemons left."""
    remove_shim_sockets(str(layout.containerd_socket), "k8s.io", ids)
    for entry in _entries(_CNI_RESULTS):
        if any(one in entry.name for one in ids):
            entry.unlink(missing_ok=True)
    for entry in _entries(_LOG_LINKS):
        if entry.is_symlink() and str(entry.readlink()).startswith(f"{layout.run}/"):
            entry.unlink(missing_ok=True)
    _remove_if_deserted(_DEVICE_SOCKET)
    remove_segment(layout)


def remove_shim_sockets(containerd: str, namespace: str, ids: set[str]) -> None:
    """Remove the sockets of the shims of a containerd's containers, which it names like this."""
    for one in ids:
        name = hashlib.sha256(f"{containerd}/{namespace}/{one}".encode()).hexdigest()
        (_SHIM_SOCKETS / name).unlink(missing_ok=True)


def _remove_if_deserted(path: Path) -> None:
    # Kubelet has this socket at a place that can't be moved; a second kubelet of the machine may have it now.
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return


def remove_segment(layout: Layout) -> None:
    """Remove the small segment by which a PostgreSQL keeps a second one from its folder, and which it leaves when killed."""
    file = layout.postgres / "postmaster.pid"
    lines = file.read_text().splitlines() if file.exists() else []
    if len(lines) > _SEGMENT_LINE and len(lines[_SEGMENT_LINE].split()) == 2:
        succeeds(["ipcrm", "--shmem-id", lines[_SEGMENT_LINE].split()[1]])


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
