"""A machine that stops answering with pods of the new version on it: no false success, and nobody's fault but its own."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.deployments import model
from sealane.destinations.kubernetes.destination import KubernetesDestination
from testbed.record import Bed
from tests import rollouts
from tests.bed import Kubectl
from tests.integration.deployments import machines, parts

HELD = 8.0
"""Seconds that ready has to hold: longer than the controllers take to see that a machine is silent."""
GIVEN_UP = [
    {"key": f"node.kubernetes.io/{word}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
    for word in ("unreachable", "not-ready")
]
"""Pods are ended a second after their machine is given up, not after five minutes."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the machine does, and where its pods may go instead."""

    ready: int
    """How many of the two pods it makes ready before it goes."""
    elsewhere: bool = True
    ended: bool = True
    """Whether the cluster ends the pods of a silent machine soon."""


CASES = {
    "while ready has to hold": Case(ready=2),
    "in the middle": Case(ready=1),
    "with nowhere else to go": Case(ready=2, elsewhere=False),
    "with pods that nobody ends": Case(ready=2, ended=False),
}


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it."""

    machine: str
    silent: datetime
    outcome: rollouts.Ended
    told: list[model.Progress]
    on: list[str]
    """The machines of the pods that are there in the end and not on their way out."""


@pytest.fixture(scope="module")
def played(bed: Bed, kubectl: Kubectl) -> Mapping[str, Played]:
    """All cases at the same time."""
    return asyncio.run(_play(bed, kubectl))


async def _play(bed: Bed, kubectl: Kubectl) -> dict[str, Played]:
    async with (
        clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as admin,
        clusters.Cluster.connect(Path(bed.sealane_kubeconfig)) as cluster,
        asyncio.timeout(120),
    ):
        done = await asyncio.gather(*(_one(case, bed, kubectl, admin, cluster) for case in CASES.values()))
    return dict(zip(CASES, done, strict=True))


async def _one(case: Case, bed: Bed, kubectl: Kubectl, admin: clusters.Cluster, cluster: clusters.Cluster) -> Played:
    name = f"n{secrets.token_hex(3)}-far"
    told: list[model.Progress] = []
    async with (
        parts.a_namespace(admin, cluster) as namespace,
        machines.a_machine(kubectl, admin, name, namespace, most=case.ready) as machine,
    ):
        wanted = parts.target(
            namespace,
            [_web(case, name, bed.busybox_image)],
            healthy_for=timedelta(seconds=HELD),
            patience=timedelta(seconds=20),
        )
        destination = KubernetesDestination(cluster)
        rolling = asyncio.create_task(
            rollouts.roll_out(model.DeploymentPlan(target=wanted), destination, listener=told.append)
        )
        words = "has to stay so" if case.ready == 2 else "1 of 2 pods ready"
        async with asyncio.timeout(120):
            while not any(words in progress.message for progress in told):  # noqa: ASYNC110 - it is a list that a callback fills
                await asyncio.sleep(0.05)
        await machine.stop()
        silent = clock.now()
        outcome = await rolling
        pods = (await admin.list(kinds.POD, namespace=namespace)).items
        on = [pod.spec.node_name or "" for pod in pods if not pod.metadata.deletion_timestamp]
    return Played(machine=name, silent=silent, outcome=outcome, told=told, on=on)


def _web(case: Case, machine: str, image: str) -> dict[str, Any]:
    """Two pods that would rather be there than anywhere else, or can be nowhere else."""
    there = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [machine]}]}
    rather = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": there}]}
    only = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [there]}}
    web = parts.deployment("web", [{"name": "web", "image": image, "command": ["sleep", "3600"]}], replicas=2)
    web["spec"]["template"]["spec"] |= {
        "terminationGracePeriodSeconds": 1,  # without any they would be gone at once, whatever their machine says
        "affinity": {"nodeAffinity": rather if case.elsewhere else only},
        "tolerations": [*machines.TOLERATIONS, *(GIVEN_UP if case.ended else [])],
    }
    return web


@pytest.mark.parametrize("case", ["while ready has to hold", "in the middle"])
def test_pods_that_come_up_elsewhere_are_the_version_s(case: str, played: Mapping[str, Played]) -> None:
    """It is deployed once the new ones have been ready for long enough; the machine's time counts for nothing."""
    case_played = played[case]
    verdict = case_played.outcome.verdict
    assert verdict.kind == "deployed", verdict.reason
    assert len(case_played.on) == 2
    assert case_played.machine not in case_played.on
    assert verdict.at - case_played.silent > timedelta(seconds=HELD)


def test_pods_that_can_be_nowhere_else_fail_by_their_machine(played: Mapping[str, Played]) -> None:
    """Ready had held for a while, which is no success; what is told names the machine and not the container."""
    case_played = played["with nowhere else to go"]
    verdict = case_played.outcome.verdict
    assert (verdict.kind, verdict.cause and verdict.cause.reason) == ("failed", "unschedulable"), verdict.reason
    assert verdict.cause is not None
    assert verdict.cause.container is None
    assert f"; node {case_played.machine} does not answer" in verdict.cause.sentence


def test_pods_that_nobody_ends_fail_by_their_machine(played: Mapping[str, Played]) -> None:
    """Their containers look well to the end; the machine does not answer, and that is what is said."""
    case_played = played["with pods that nobody ends"]
    verdict = case_played.outcome.verdict
    assert (verdict.kind, verdict.cause and verdict.cause.reason) == ("failed", "node_not_responding"), verdict.reason
    assert f"is on node {case_played.machine}, which does not answer" in verdict.reason
