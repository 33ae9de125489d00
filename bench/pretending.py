"""Machines and pods that only pretend to run, by kwok (https://kwok.sigs.k8s.io), on a real control plane of their own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from bench import cluster, control_plane
from testbed import golang, on_demand, processes
from testbed.access import let_in
from testbed.layout import Layout
from testbed.record import Bed

PODS_A_MACHINE = 100
_CONFIGURATION = {
    "kind": "KwokConfiguration",
    "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
    # Machines say by leases that they live, as real ones do: a machine that is late with it takes its pods' readiness along.
    "options": {"podPlayStageParallelism": 16, "nodeLeaseDurationSeconds": 40, "nodeLeaseParallelism": 16},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """A cluster of pretended machines, and empty namespaces in which Sealane may deploy."""

    here: Bed
    namespaces: tuple[str, ...]
    parts: dict[str, int]
    """The process of each part of it."""

    def used(self) -> dict[str, float]:
        """Seconds of processor time that each part has used since it was started."""
        return {name: processor(pid) for name, pid in self.parts.items()}


@contextmanager
def crowd(here: Bed, *, machines: int, namespaces: int) -> Iterator[Crowd]:
    """So many of them; whatever happens to the bench, an interruption or a limit of time included, nothing stays."""
    signal.signal(signal.SIGTERM, _end)
    bed = Layout.from_environment()
    golang.build(bed, [golang.KWOK])
    with control_plane.beside(bed) as layout, _kwok(layout) as pretending:
        there = replace(
            here, admin_kubeconfig=str(layout.admin_kubeconfig), sealane_kubeconfig=str(layout.sealane_kubeconfig)
        )
        names = tuple(f"crowd-{secrets.token_hex(3)}" for _ in range(namespaces))
        _apply(there, [_machine(f"crowd-{number}") for number in range(machines)])
        _apply(there, [made for name in names for made in (_namespace(name), let_in(name))])
        cluster.kubectl(there, "wait", "--for=condition=Ready", "node", "--all", "--timeout=120s")
        parts = {name: each.pid for name, each in processes.recorded(layout).items()}
        yield Crowd(here=there, namespaces=names, parts={**parts, "kwok": pretending.pid})


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _kwok(layout: Layout) -> Iterator[subprocess.Popen[bytes]]:
    configuration = layout.run / "kwok.json"
    configuration.write_text(json.dumps(_CONFIGURATION))
    argv = [
        *on_demand.WITH_PARENT,
        str(golang.path_of(layout, golang.KWOK)),
        f"--config={configuration}",
        f"--kubeconfig={layout.admin_kubeconfig}",
        "--manage-all-nodes=true",
        "--v=WARN",
    ]
    with (layout.logs / "kwok.log").open("wb") as log:
        pretending = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield pretending
    finally:
        pretending.terminate()
        try:
            pretending.wait(timeout=15)
        except subprocess.TimeoutExpired:
            pretending.kill()
            pretending.wait()


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals are handled
    sys.exit(128 + number)


def _apply(here: Bed, made: Sequence[dict[str, Any]]) -> None:
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    cluster.kubectl(here, "apply", "--filename=-", given=given)


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _machine(name: str) -> dict[str, Any]:
    room = {"cpu": "1000", "memory": "1Ti", "pods": str(PODS_A_MACHINE + 10)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"allocatable": room, "capacity": room, "phase": "Running"},
    }
