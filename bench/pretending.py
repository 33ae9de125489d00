"""Machines and pods that only pretend to run, by kwok (https://kwok.sigs.k8s.io), on the test bed's real control plane.

Whatever happens to the bench, an interruption or a limit of time included, nothing stays: namespaces first, while there is
still something that says their pods are gone, then the machines, then kwok itself. A run that was killed outright is
cleared away by the next.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from bench import cluster
from bench.demo import places
from testbed import golang, processes
from testbed.access import let_in
from testbed.layout import Layout
from testbed.record import Bed

PODS_A_MACHINE = 100
_CROWD = {"sealane.bench": "crowd"}
_SELECTOR = "--selector=sealane.bench=crowd"
_TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}
_GOING = "--timeout=300s"
"""How long ten thousand pods may take to go."""
_CONFIGURATION = {
    "kind": "KwokConfiguration",
    "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
    # Machines say by leases that they live, as real ones do: a machine that is late with it takes its pods' readiness along.
    "options": {"podPlayStageParallelism": 16, "nodeLeaseDurationSeconds": 40, "nodeLeaseParallelism": 16},
}


@contextmanager
def crowd(here: Bed, *, machines: int, namespaces: int) -> Iterator[tuple[list[str], subprocess.Popen[bytes]]]:
    """So many pretended machines and empty namespaces in which Sealane may deploy; gives their names, and who pretends."""
    signal.signal(signal.SIGTERM, _end)
    _clear(here)
    names = [f"crowd-{secrets.token_hex(3)}" for _ in range(namespaces)]
    with _kwok(here) as pretending:
        try:
            _apply(here, [_machine(f"crowd-{number}") for number in range(machines)])
            _apply(here, [made for name in names for made in (_namespace(name), let_in(name))])
            cluster.kubectl(here, "wait", "--for=condition=Ready", "node", _SELECTOR, "--timeout=120s")
            yield names, pretending
        finally:
            _clear(here)


def template(labels: dict[str, str], template: dict[str, Any]) -> dict[str, Any]:
    """The template of pods that are to run on pretended machines, with these labels."""
    spec = {**template["spec"], "nodeSelector": _CROWD, "tolerations": [{"operator": "Exists"}]}
    return {**template, "metadata": {"labels": labels}, "spec": spec}


def control_plane(layout: Layout, pretending: subprocess.Popen[bytes]) -> dict[str, float]:
    """Seconds of processor time that each part of the cluster has used since it was started."""
    parts = ("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler")
    found = {name: each.pid for name, each in processes.recorded(layout).items() if name in parts}
    return {name: _processor(pid) for name, pid in {**found, "kwok": pretending.pid}.items()}


def _processor(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _kwok(here: Bed) -> Iterator[subprocess.Popen[bytes]]:
    layout = Layout.from_environment()
    golang.build(layout, [golang.KWOK])
    with TemporaryDirectory(prefix="sealane-crowd-") as folder, (Path(folder) / "kwok.log").open("wb") as log:
        configuration = Path(folder) / "kwok.json"
        configuration.write_text(json.dumps(_CONFIGURATION))
        argv = [
            str(golang.path_of(layout, golang.KWOK)),
            f"--config={configuration}",
            f"--kubeconfig={here.admin_kubeconfig}",
            "--manage-all-nodes=false",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            "--v=WARN",
        ]
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


def _clear(here: Bed) -> None:
    """Takes away all there is of a crowd, and waits until it is gone."""
    with suppress(places.Broke):  # takes too long: the cluster goes on by itself
        cluster.kubectl(here, "delete", "namespace", _SELECTOR, _GOING)
    cluster.kubectl(here, "delete", "node", _SELECTOR, "--wait=false")


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals are handled
    sys.exit(128 + number)


def _apply(here: Bed, made: Sequence[dict[str, Any]]) -> None:
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    cluster.kubectl(here, "apply", "--filename=-", given=given)


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _CROWD}}


def _machine(name: str) -> dict[str, Any]:
    room = {"cpu": "1000", "memory": "1Ti", "pods": str(PODS_A_MACHINE + 10)}
    metadata = {"name": name, "labels": _CROWD, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": {"taints": [_TAINT]},
        "status": {"allocatable": room, "capacity": room, "phase": "Running"},
    }
