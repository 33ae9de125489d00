"""Docker's own engine beside Podman: what Sealane speaks to must hold on both.

It has storage, state, a containerd and address ranges of its own. It writes no rules into the packet filter and has no
network but those that are made in it, so its containers reach each other and nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from urllib.parse import quote

from testbed.commands import run
from testbed.layout import DOCKER_RANGE, REGISTRY, Layout
from testbed.probes import answers_on_socket
from testbed.processes import Daemon, environment

CLIENT: Final = Path("/usr/bin/docker")
"""Debian's, which is as old as the engine."""


def write_files(layout: Layout) -> None:
    """Write the engine's settings."""
    of = layout.docker
    of.mkdir(parents=True, exist_ok=True)
    settings = {
        "hosts": [f"unix://{layout.docker_socket}"],
        "group": "root",
        "data-root": str(of / "data"),
        "exec-root": str(of / "exec"),
        "pidfile": str(of / "docker.pid"),
        "deprecated-key-path": str(of / "key.json"),
        "storage-driver": "overlay2",
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
        "ip-masq": False,
        "userland-proxy": False,
        "default-address-pools": [{"base": DOCKER_RANGE, "size": 24}],
        "insecure-registries": [REGISTRY],
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "cgroup-parent": f"/{layout.docker_cgroup}",
    }
    (of / "daemon.json").write_text(json.dumps(settings, indent=1) + "\n")


def server(layout: Layout) -> Daemon:
    """The engine, with its API on a socket of the bed."""
    return Daemon(
        name="docker",
        argv=("dockerd", f"--config-file={layout.docker / 'daemon.json'}"),
        ready=lambda: answers_on_socket(layout.docker_socket, "/_ping"),
    )


def client(layout: Layout) -> list[str | Path]:
    """The start of a command of Docker's own client to this engine."""
    return [CLIENT, "--host", f"unix://{layout.docker_socket}"]


def has(layout: Layout, name: str) -> bool:
    """Say whether the engine's storage has the image called `name`."""
    return answers_on_socket(layout.docker_socket, f"/v1.41/images/{quote(name, safe='')}/json")


def copy_from_podman(layout: Layout, podman: list[str | Path], variables: dict[str, str], name: str) -> None:
    """Put an image that the bed's Podman has into this engine's storage, in the form this engine reads."""
    archive = layout.run / "tmp" / f"{name.rpartition('/')[2].replace(':', '-')}-for-docker.tar"
    env = {**environment(layout), **variables}
    try:
        run([*podman, "save", "--quiet", "--output", archive, name], env=env)
        run([*client(layout), "load", "--quiet", "--input", archive], env=environment(layout))
    finally:
        archive.unlink(missing_ok=True)


def end_containers(layout: Layout) -> None:
    """End and remove every container and network of this engine."""
    env = environment(layout)
    if found := run([*client(layout), "ps", "--all", "--quiet"], env=env, within=30).split():
        run([*client(layout), "rm", "--force", "--volumes", *found], env=env)
    run([*client(layout), "network", "prune", "--force"], env=env, within=30)
