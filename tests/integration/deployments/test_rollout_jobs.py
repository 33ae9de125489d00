"""Jobs that are gone before anybody has looked: how they ended is found out, also by a watcher that takes over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.deployments import apply_phase, finished_work, model, watch_phase
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import unfenced
from sealane.verdicts import model as verdicts
from sealane.verdicts import rollback_target
from sealane.verdicts.judgement import State
from tests.integration.deployments import parts


def job(image: str, *command: str, **spec: Any) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "go", "image": image, "command": list(command)}]}
    pod["terminationGracePeriodSeconds"] = 0  # type: ignore[assignment]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "load"},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}, **spec},
    }


@pytest.mark.parametrize(
    ("command", "spec", "reason"),
    [
        (["true"], {"ttlSecondsAfterFinished": 0}, None),
        (["false"], {"ttlSecondsAfterFinished": 0}, verdicts.FactKind.JOB_FAILED),
        (["sleep", "3600"], {}, verdicts.FactKind.REMOVED),
    ],
    ids=["ended-well", "failed", "removed-by-somebody"],
)
async def test_a_watcher_that_comes_after_a_job_is_gone_tells_how_it_ended(
    cluster: clusters.Cluster,
    admin: clusters.Cluster,
    namespace: str,
    busybox_image: str,
    command: list[str],
    spec: dict[str, Any],
    reason: verdicts.FactKind | None,
) -> None:
    """Its controller's reports outlive it; where there is none, somebody removed it, and that is said soon."""
    destination = KubernetesDestination(cluster)
    wanted = parts.target(namespace, [job(busybox_image, *command, **spec)], patience=timedelta(seconds=6))
    _, begun = await apply_phase.apply(destination, wanted, fence=unfenced)
    if not spec:
        await admin.delete(kinds.JOB, "load", namespace=namespace)
    async with asyncio.timeout(120):
        while await admin.find(kinds.JOB, "load", namespace=namespace):  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.1)
        watched = await watch_phase.watch(destination, wanted, begun=begun)
    cause = watched.judgement.cause
    assert (cause.reason if cause else None) == reason, watched.judgement
    assert (watched.judgement.state is State.HEALTHY) == (reason is None)


async def test_work_that_came_to_run_is_told_from_work_that_did_not(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """While its container runs; what the registry does not have never did anything."""
    destination = KubernetesDestination(cluster)
    lost = job(f"{busybox_image}-there-is-none", "true")
    lost["metadata"] = {"name": "lost"}
    target = parts.target(namespace, [job(busybox_image, "sleep", "3600"), lost])
    _, begun = await apply_phase.apply(destination, target, fence=unfenced)
    plan = model.DeploymentPlan(target=target)
    async with asyncio.timeout(120):
        while await finished_work.ran(destination, plan, begun) != ("Job/load",):  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.1)
    before = replace(plan, stored=begun.inventory)
    assert await finished_work.ran(destination, before, begun) == (), "it was there before this deployment"


async def test_work_counts_where_the_namespace_is_older_though_nothing_is_there_any_more(
    cluster: clusters.Cluster, namespace: str
) -> None:
    """In one that was made anew since, everything is to be done again."""
    destination = KubernetesDestination(cluster)
    created = await destination.namespace_created(namespace)
    assert created is not None
    for at, counts in ((created + timedelta(seconds=1), True), (created - timedelta(seconds=1), False)):
        past = rollback_target.PastDeployment(sequence=1, revision="r", verdict=verdicts.VerdictKind.DEPLOYED, at=at)
        counted = await finished_work.counts(destination, (), namespace=namespace, pasts=[past], revisions=["r"])
        assert counted is counts
    assert await destination.namespace_created(f"{namespace}-that-is-not-there") is None
