"""The usage of workloads by the cluster's metrics API, with their requests; none if nobody measures it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sealane.clients.kubernetes import errors
from sealane.clients.kubernetes.cluster import Cluster
from sealane.clients.kubernetes.pod_metrics import PodMetrics
from sealane.destinations.kubernetes.stencils import resource_requests
from sealane.destinations.usage import Resources, WorkloadUsage, total

PATIENCE = 2.0
"""Seconds to wait for an answer: nobody waits longer for a page."""


async def usage(cluster: Cluster, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> tuple[WorkloadUsage, ...]:
    """Each workload with lasting instances, with the pods that its selector matches."""
    workloads = [manifest for manifest in objects if _labels(manifest)]
    pods = await _pods(cluster, namespace) if workloads else []
    return tuple(_of(workload, pods) for workload in workloads)


async def _pods(cluster: Cluster, namespace: str) -> list[PodMetrics]:
    """None if there is no such API, it does not answer, or the account may not use it."""
    try:
        async with asyncio.timeout(PATIENCE):
            return (await cluster.pod_metrics(namespace)).items
    except (errors.ClusterError, TimeoutError):
        return []


def _labels(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels that it selects its pods by; empty for kinds that keep no pods alive."""
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping) or not isinstance(spec.get("template"), Mapping):
        return {}
    selector = spec.get("selector")
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    return labels if isinstance(labels, Mapping) else {}


def _of(manifest: Mapping[str, Any], pods: Sequence[PodMetrics]) -> WorkloadUsage:
    labels = _labels(manifest)
    own = [pod for pod in pods if labels.items() <= pod.metadata.labels.items()]
    pod = manifest["spec"]["template"].get("spec")
    containers = list(resource_requests.containers(pod)) if isinstance(pod, Mapping) else []
    return WorkloadUsage(
        object=f"{manifest['kind']}/{manifest['metadata']['name']}",
        requests=total(_asked(container, "requests") for container in containers),
        limits=_limits(containers),
        instances={
            f"Pod/{pod.metadata.name}": total(_resources(container.usage) for container in pod.containers)
            for pod in own
        },
    )


def _asked(container: Mapping[str, Any], section: str) -> Resources:
    return _resources(resource_requests.quantities(container, section))


def _limits(containers: Sequence[Mapping[str, Any]]) -> Resources:
    """A pod's usage is unlimited if one of its containers has no limit."""
    limits = [_asked(container, "limits") for container in containers]
    whole = total(limits)
    return Resources(
        cpu=whole.cpu if all(limit.cpu for limit in limits) else 0.0,
        memory=whole.memory if all(limit.memory for limit in limits) else 0.0,
    )


def _resources(quantities: Mapping[str, Any]) -> Resources:
    cpu, memory = (float(resource_requests.amount(quantities.get(name))) for name in ("cpu", "memory"))
    return Resources(cpu=cpu, memory=memory)
