"""A machine that only pretends: it takes pods up and says that they are ready, until it stops answering.

What is done about that is done by the real controllers: they take the pods' ready away, taint the machine and end its pods.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, pod_objects
from tests.bed import Kubectl

_NODE = kinds.whole("v1", "Node")
_TAINT = {"key": "example.com/far", "effect": "NoSchedule"}
TOLERATIONS = ({"key": "example.com/far", "operator": "Exists"},)


class Machine:
    """One machine for the pods of one namespace."""

    def __init__(self, kubectl: Kubectl, admin: clusters.Cluster, name: str, namespace: str, *, most: int) -> None:
        """`most` is how many pods it makes ready; the others it only takes up."""
        self.name = name
        self._kubectl = kubectl
        self._admin = admin
        self._namespace = namespace
        self._most = most
        self._working: asyncio.Task[None] | None = None
        self._taken: set[str] = set()

    async def start(self) -> None:
        """Joins the cluster and begins to work."""
        zone = {"topology.kubernetes.io/zone": self.name}  # where most machines are silent nobody's pods are ended
        labels = {"kubernetes.io/hostname": self.name, **zone}
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": labels},
            "spec": {"taints": [_TAINT]},
        }
        await self._admin.create(node)
        await self._says("True", "KubeletReady")
        async with asyncio.timeout(30):
            while (await self._admin.get(_NODE, self.name))["spec"].get("taints") != [_TAINT]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        self._working = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Answers nobody any more. What the node controller writes after its grace period is written at once."""
        assert self._working is not None
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)
        await self._says("Unknown", "NodeStatusUnknown")
        for pod in (await self._admin.list(kinds.POD, namespace=self._namespace)).items:
            if pod.spec.node_name == self.name and pod.metadata.name in self._taken:
                lost = {"type": "Ready", "status": "False", "reason": "NodeNotReady", "lastTransitionTime": _now()}
                await self._patch("pod", pod.metadata.name, {"conditions": [lost]}, "-n", self._namespace)

    async def leave(self) -> None:
        """Goes for good, with whatever was on it."""
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        arguments = ("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false", "-n", self._namespace)
        await asyncio.to_thread(self._kubectl, *arguments)
        with contextlib.suppress(errors.NotFound):
            await self._admin.delete(_NODE, self.name)

    async def _work(self) -> None:
        while True:
            for pod in (await self._admin.list(kinds.POD, namespace=self._namespace)).items:
                if pod.spec.node_name == self.name and pod.metadata.name not in self._taken:
                    self._taken.add(pod.metadata.name)
                    await self._take_up(pod, ready=len(self._taken) <= self._most)
            await asyncio.sleep(0.1)

    async def _take_up(self, pod: pod_objects.Pod, *, ready: bool) -> None:
        now = _now()
        status = "True" if ready else "False"
        conditions = [
            {"type": "Initialized", "status": "True", "lastTransitionTime": now},
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": now},
            {"type": "ContainersReady", "status": status, "lastTransitionTime": now},
            {"type": "Ready", "status": status, "lastTransitionTime": now},
        ]
        containers = [
            {
                "name": container.name,
                "image": container.image,
                "imageID": container.image,
                "ready": ready,
                "started": ready,
                "restartCount": 0,
                "state": {"running": {"startedAt": now}} if ready else {"waiting": {"reason": "ContainerCreating"}},
            }
            for container in pod.spec.containers
        ]
        phase = "Running" if ready else "Pending"
        said = {"phase": phase, "startTime": now, "conditions": conditions, "containerStatuses": containers}
        await self._patch("pod", pod.metadata.name, said, "-n", self._namespace)

    async def _says(self, ready: str, reason: str) -> None:
        now = _now()
        condition = {
            "type": "Ready",
            "status": ready,
            "reason": reason,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        room = {"cpu": "4", "memory": "8Gi", "pods": "20"}
        await self._patch("node", self.name, {"conditions": [condition], "capacity": room, "allocatable": room})

    async def _patch(self, kind: str, name: str, status: Mapping[str, Any], *more: str) -> None:
        """Changes a status; conditions of other types stay as they are."""
        body = json.dumps({"status": status})
        arguments = ("patch", kind, name, "--subresource=status", "--type=strategic", "-p", body, *more)
        await asyncio.to_thread(self._kubectl, *arguments)


@asynccontextmanager
async def a_machine(
    kubectl: Kubectl, admin: clusters.Cluster, name: str, namespace: str, *, most: int
) -> AsyncIterator[Machine]:
    """A machine that works, and is gone in the end."""
    machine = Machine(kubectl, admin, name, namespace, most=most)
    try:
        await machine.start()
        yield machine
    finally:
        await machine.leave()


def _now() -> str:
    return clock.now().isoformat()
