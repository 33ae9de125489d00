"""Ending the bed, so that nothing of it is left."""

from __future__ import annotations

import shutil
import signal
from contextlib import suppress
from typing import Final

from testbed import before, belongings, cgroups, docker, engine, firewall, links, mounts, network, node, traces
from testbed.commands import run
from testbed.errors import BedError
from testbed.layout import Layout
from testbed.processes import Process, recorded, stop

# Kubelet first, or it would start again what is ended; what others write to comes after them.
_FIRST: Final = ("kubelet", "kube-proxy", "coredns")
_THEN: Final = ("containerd", "kube-controller-manager", "kube-scheduler", "kube-apiserver", "etcd", "registry")


def stop_all(layout: Layout) -> None:
    """End every part and remove every trace, of a whole bed as of what a crash left of one."""
    processes = recorded(layout)
    for name in _FIRST:
        _stop(processes, name)
    ids = traces.sandbox_ids(layout)
    in_docker = traces.docker_ids(layout)
    # Podman forgets containers whose cgroup or network it could not remove.
    containers = traces.container_ids(layout)
    spaces = links.engine_namespaces(layout)
    _end_pods(layout, processes)
    _end_engine(layout, processes)
    _end_docker(layout, processes)
    for name in _THEN:
        _stop(processes, name)
    # An interrupt ends PostgreSQL at once and in order; a termination waits for its clients.
    _stop(processes, "postgres", by=signal.SIGINT)
    belongings.end_all(layout)
    # Without records kubelet was alive until now, and may have started pods again.
    ids |= traces.sandbox_ids(layout)
    cgroups.remove(layout)
    links.remove_namespaces(spaces)
    mounts.remove(layout)
    if network.other_owner(layout) is None:
        # In a network namespace that another bed has, everything of these kinds is that bed's.
        links.remove(layout)
        firewall.clean(layout)
    traces.remove(layout, ids)
    traces.remove_shim_sockets(f"{layout.docker}/exec/containerd/containerd.sock", "moby", in_docker)
    cgroups.remove_engine_groups(containers)
    forget(layout)
    before.restore(layout, forwarding=not links.others_forward())


def forget(layout: Layout) -> None:
    """Remove the files of the last start."""
    for file in (layout.record, layout.sealane_kubeconfig, layout.home / "admin.kubeconfig"):
        file.unlink(missing_ok=True)
    if left := mounts.below(layout.run):
        raise BedError(f"still mounted, so {layout.run} can't be removed: {', '.join(left)}")
    shutil.rmtree(layout.run, ignore_errors=True)


def _end_pods(layout: Layout, processes: dict[str, Process]) -> None:
    containerd = processes.get("containerd")
    if containerd and containerd.alive:
        # A task that is gone by itself, or a containerd that hangs: what is left is killed later.
        with suppress(BedError):
            for task in run([*node.ctr(layout), "tasks", "ls", "--quiet"], within=20).split():
                run([*node.ctr(layout), "tasks", "kill", "--signal=KILL", task], within=20)
    belongings.end_shims(layout)


def _end_engine(layout: Layout, processes: dict[str, Process]) -> None:
    if (layout.engine / "storage").exists():
        # A storage that a crash left broken: its processes, mounts and rules are found without it.
        with suppress(BedError):
            engine.end_containers(layout)
    _stop(processes, "engine")


def _end_docker(layout: Layout, processes: dict[str, Process]) -> None:
    engine_of = processes.get("docker")
    if engine_of and engine_of.alive:
        # One that hangs: its containers are found by their cgroup and their mark.
        with suppress(BedError):
            docker.end_containers(layout)
        stop(engine_of, within=20)


def _stop(processes: dict[str, Process], name: str, *, by: signal.Signals = signal.SIGTERM) -> None:
    if name in processes:
        stop(processes[name], by=by)
