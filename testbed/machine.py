"""Becoming root, and seeing the machine's control groups."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from testbed import processes
from testbed.errors import BedError
from testbed.layout import Layout

_ADMINISTRATORS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin")
_KEPT: Final = (
    *("PATH", "TERM", "http_proxy", "https_proxy", "no_proxy"),
    *("SEALANE_TEST_KUBECONFIG", "SEALANE_TESTBED_FOR", "SEALANE_TESTBED_DEBIAN_MIRROR"),
    # How Go and pip reach the world, and where Go keeps what it has.
    *("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPATH", "GOCACHE", "GOMODCACHE"),
    *("PIP_INDEX_URL", "PIP_CERT", "PIP_PROXY", "SSL_CERT_FILE"),
)


def become_root(layout: Layout) -> None:
    """Run this command again through sudo unless root runs it; containers, mounts and cgroups take root."""
    os.environ["PATH"] = _with_administrators_programs(os.environ.get("PATH", ""))
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        raise BedError("the bed mounts, makes networks and runs containers: run it as root, or install sudo")
    # Somebody else's kubeconfig may name a program that signs in with what it keeps in the home folder.
    names = (*_KEPT, "HOME") if layout.other_cluster else _KEPT
    kept = [f"{name}={os.environ[name]}" for name in names if name in os.environ]
    places = [f"SEALANE_TESTBED_HOME={layout.home}", f"SEALANE_TESTBED_CACHE={layout.cache}"]
    _run_again(["sudo", "--", "env", *kept, *places])


def _with_administrators_programs(path: str) -> str:
    """`path` and where nft, iptables and ip lie: Debian leaves that out of other users' paths, and of root's after `su`."""
    there = path.split(":") if path else []
    return ":".join([*there, *(folder for folder in _ADMINISTRATORS if folder not in there)])


def see_control_groups() -> None:
    """Run this command again in the mount namespace of an ancestor when the current one hides the cgroups.

    `ip netns exec` does that, and would besides give each command a mount namespace of its own, so that `down`
    could not unmount what `up` mounted.
    """
    if any(Path("/sys/fs/cgroup").glob("*")):
        return
    for pid in processes.ancestors():
        if _mounts(pid) not in (None, _mounts(os.getpid())):
            _run_again(["nsenter", f"--mount=/proc/{pid}/ns/mnt", f"--wd={Path.cwd()}", "--"])
    raise BedError("no cgroups are mounted at /sys/fs/cgroup, without which no container can run")


def hand_over(layout: Layout) -> None:
    """Give the user behind sudo what tests use: the kubeconfigs, the engine's socket and the audit log."""
    owner = os.environ.get("SUDO_UID")
    if owner is None or not owner.isdigit():
        return
    group = int(os.environ.get("SUDO_GID", owner))
    own = [] if layout.other_cluster else [layout.admin_kubeconfig, layout.audit_log]
    cached = [layout.cache / "images", *(layout.cache / "images").glob("*")]
    for path in (layout.sealane_kubeconfig, layout.engine_socket, layout.lock, *own, *cached):
        os.chown(path, int(owner), group)


def _mounts(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/mnt").readlink())
    except OSError:
        return None


def _run_again(prefix: list[str]) -> None:
    sys.stdout.flush()
    os.execvp(prefix[0], [*prefix, sys.executable, "-m", "testbed", *sys.argv[1:]])
