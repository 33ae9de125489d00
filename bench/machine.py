"""The machine a bench ran on: figures mean little without it."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import cluster
from bench.demo import places
from testbed.record import Bed


def describe(here: Bed) -> dict[str, Any]:
    """Cores, memory, kernel, versions, load when it began, and the date."""
    engine = json.loads(places.run("podman", "--url", here.docker_host, "version", "--format", "{{json .}}"))
    versions = json.loads(cluster.kubectl(here, "version", "--output=json"))
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "engine": f"Podman {engine['Server']['Version']}",
        "kubernetes": versions["serverVersion"]["gitVersion"],
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def words(machine: dict[str, Any]) -> str:
    """The same in a line or two."""
    load = " to ".join(str(machine[name]) for name in ("load", "load_at_the_end") if name in machine)
    return (
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"{machine['engine']}, Kubernetes {machine['kubernetes']}, Python {machine['python']}, "
        f"load {load}, {machine['date']}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
