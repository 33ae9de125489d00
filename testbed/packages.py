"""The Debian packages that the bed stands on."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testbed.commands import run, succeeds
from testbed.errors import BedError
from testbed.progress import Progress

POSTGRES_BINARIES: Final = Path("/usr/lib/postgresql")
CNI_PLUGINS: Final = Path("/usr/lib/cni")
_PODMAN_HELPERS: Final = Path("/usr/lib/podman")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Each package with the file or program that shows it is there, whoever installed it.
ALWAYS: Final = {
    "ca-certificates": "/etc/ssl/certs/ca-certificates.crt",
    "iproute2": "ip",
    "util-linux": "setpriv",
    "openssl": "openssl",
    "git": "git",
    "openssh-server": "/usr/sbin/sshd",
    "nftables": "nft",
    "iptables": "iptables",
    "podman": "podman",
    "runc": "runc",
    "skopeo": "skopeo",
    "netavark": str(_PODMAN_HELPERS / "netavark"),
    "aardvark-dns": str(_PODMAN_HELPERS / "aardvark-dns"),
    "docker-registry": "docker-registry",
    "busybox-static": "/bin/busybox",
    "mmdebstrap": "mmdebstrap",
    # Ubuntu does not trust Debian's archive, from which the Python image is made, unless told to.
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
}
FOR_THE_CLUSTER: Final = {
    "etcd-server": "etcd",
    "containerd": "containerd",
    "containernetworking-plugins": str(CNI_PLUGINS / "ptp"),
}
# What tests want besides; half of all that is downloaded.
FOR_TESTS: Final = {
    "git-lfs": "git-lfs",
    "docker.io": "dockerd",
    "postgresql": str(POSTGRES_BINARIES),
}


def missing(*, cluster: bool, lean: bool = False) -> list[str]:
    """The packages that a bed needs and this machine lacks; a lean bed needs none that only tests want."""
    wanted = ALWAYS | (FOR_THE_CLUSTER if cluster else {}) | ({} if lean else FOR_TESTS)
    return [package for package, sign in wanted.items() if not _there(sign)]


def install(wanted: list[str], progress: Progress | None = None) -> None:
    """Install `wanted`; asks nothing, and starts none of their services."""
    if not wanted:
        return
    if not shutil.which("apt-get"):
        raise BedError(f"missing, and there is no apt-get to install them: {', '.join(wanted)}")
    tell = _printer(wanted) if progress is None else lambda state: progress.tell("packages", state)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    order = ["apt-get", "install", "--yes", "--no-install-recommends", *wanted]
    with _no_service_starts():
        tell("fetching")
        # Old lists may name packages that are gone from the archive, which also shows only here.
        if not succeeds([*order, "--download-only"], env=env, within=900):
            run(["apt-get", "update"], env=env, within=600)
            run([*order, "--download-only"], env=env, within=1800)
        tell("installing")
        run(order, env=env, within=1800)
    signs = ALWAYS | FOR_THE_CLUSTER | FOR_TESTS
    still = [package for package in wanted if package in signs and not _there(signs[package])]
    if still:
        raise BedError(f"installed, but not where they are looked for: {', '.join(still)}")
    tell("installed")


def _printer(wanted: list[str]) -> Callable[[str], None]:
    return lambda state: print(f"{state} {', '.join(wanted)}", flush=True)


def postgres_program(name: str) -> Path:
    """The newest installed PostgreSQL's `name`."""
    paths = [path for path in POSTGRES_BINARIES.glob(f"*/bin/{name}") if path.parts[-3].isdigit()]
    if not paths:
        raise BedError(f"PostgreSQL's {name} is not below {POSTGRES_BINARIES}")
    return max(paths, key=lambda path: int(path.parts[-3]))


def _there(sign: str) -> bool:
    return Path(sign).exists() if sign.startswith("/") else shutil.which(sign, path=_PATH) is not None


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Forbid package scripts to start daemons, with Debian's own switch, unless the administrator has set it."""
    switch = Path("/usr/sbin/policy-rc.d")
    if switch.exists():
        yield
        return
    switch.write_text("#!/bin/sh\nexit 101\n")
    switch.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    try:
        yield
    finally:
        switch.unlink(missing_ok=True)
