"""A container engine with Docker's API: Podman, with storage, networks and settings of its own.

Every path that Podman would share with other Podmans of the machine is named here, so that nothing of theirs is
read, changed or cleaned up: storage, locks, networks, runc's state, volumes, temporary files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from urllib.parse import quote

from testbed.commands import run
from testbed.layout import ENGINE_LINK, ENGINE_MORE_RANGE, ENGINE_RANGE, REGISTRY, Layout
from testbed.probes import answers_on_socket
from testbed.processes import Daemon, environment

_NETWORK: Final = "bed"
_CAP_SYS_RESOURCE: Final = 24


def write_files(layout: Layout) -> None:
    """Write Podman's settings."""
    of = layout.engine
    for name in ("bin", "networks", "tmp"):
        (of / name).mkdir(parents=True, exist_ok=True)
    _wrap_runc(layout)
    (of / "containers.conf").write_text(_settings(layout))
    (of / "registries.conf").write_text(f'[[registry]]\nlocation = "{REGISTRY}"\ninsecure = true\n')
    (of / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{of / "storage"}"\nrunroot = "{of / "run"}"\n'
    )
    (of / "networks" / f"{_NETWORK}.json").write_text(json.dumps(_default_network(), indent=1))


def server(layout: Layout) -> Daemon:
    """The engine's API on a socket of the bed."""
    return Daemon(
        name="engine",
        argv=(*podman(layout), "system", "service", "--time=0", f"unix://{layout.engine_socket}"),
        ready=lambda: answers_on_socket(layout.engine_socket, "/_ping"),
        env=variables(layout),
    )


def podman(layout: Layout) -> list[str | Path]:
    """The start of a command to the bed's own Podman, to be run with `variables`."""
    of = layout.engine
    return [
        "podman",
        f"--root={of / 'storage'}",
        f"--runroot={of / 'run'}",
        f"--tmpdir={of / 'tmp'}",
        f"--network-config-dir={of / 'networks'}",
        "--storage-driver=overlay",
    ]


def variables(layout: Layout) -> dict[str, str]:
    """The environment that points Podman, and what it starts, to the bed's settings."""
    of = layout.engine
    return {
        "CONTAINERS_CONF": str(of / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(of / "registries.conf"),
        "CONTAINERS_STORAGE_CONF": str(of / "storage.conf"),
    }


def has(layout: Layout, name: str) -> bool:
    """Say whether the engine's storage has the image called `name`."""
    return answers_on_socket(layout.engine_socket, f"/v1.41/images/{quote(name, safe='')}/json")


def load(layout: Layout, archive: Path) -> None:
    """Put the image of `archive` into the engine's storage."""
    run([*podman(layout), "load", "--quiet", "--input", archive], env={**environment(layout), **variables(layout)})


def end_containers(layout: Layout) -> None:
    """End and remove every container and network of the bed's engine."""
    env = {**environment(layout), **variables(layout)}
    run([*podman(layout), "rm", "--all", "--force", "--time=0"], env=env)
    run([*podman(layout), "network", "prune", "--force"], env=env)


def _wrap_runc(layout: Layout) -> None:
    # Podman has no setting for the folder in which runc keeps its state, and the default is shared by all.
    script = layout.engine / "bin" / "runc"
    script.write_text(f"#!/bin/sh\nexec runc --root '{layout.engine / 'runc'}' \"$@\"\n")
    script.chmod(0o755)


def _default_network() -> dict[str, object]:
    first = ENGINE_RANGE.rpartition(".")[0]
    return {
        "name": _NETWORK,
        "id": "be" * 32,
        "driver": "bridge",
        "network_interface": ENGINE_LINK,
        "created": "2024-01-01T00:00:00Z",
        "subnets": [{"subnet": ENGINE_RANGE, "gateway": f"{first}.1"}],
        "ipv6_enabled": False,
        "internal": False,
        "dns_enabled": False,
        "ipam_options": {"driver": "host-local"},
    }


def _settings(layout: Layout) -> str:
    of = layout.engine
    # Raising limits takes CAP_SYS_RESOURCE; without it no container would start with Podman's own defaults.
    ulimits = "" if _capable(_CAP_SYS_RESOURCE) else 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]'
    return f"""\
[containers]
log_driver = "k8s-file"
{ulimits}

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
# Locks in shared memory have one fixed name for the whole machine.
lock_type = "file"
tmp_dir = "{of / "tmp"}"
static_dir = "{of / "storage" / "libpod"}"
volume_path = "{of / "storage" / "volumes"}"
image_copy_tmp_dir = "{layout.run / "tmp"}"

[engine.runtimes]
runc = ["{of / "bin" / "runc"}"]

[network]
network_backend = "netavark"
network_config_dir = "{of / "networks"}"
default_network = "{_NETWORK}"
default_subnet = "{ENGINE_RANGE}"
default_subnet_pools = [{{ base = "{ENGINE_MORE_RANGE}", size = 24 }}]
"""


def _capable(bit: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> bit & 1)
    return False
