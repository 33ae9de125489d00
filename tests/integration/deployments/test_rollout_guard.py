"""The guard on a real cluster: pods that each end but once, which no single container's ends would show."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.deployments import model
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.verdicts.stability import StabilityRules
from tests import rollouts
from tests.integration.deployments import parts

ONCE = "[ -f /seen/it ] && exec sleep 3600; touch /seen/it; sleep 2; exit 1"


@pytest.mark.parametrize(("guard", "kind"), [(StabilityRules(), "failed"), (None, "deployed")])
async def test_restarts_all_over_a_workload(
    guard: StabilityRules | None, kind: str, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """With the guard they are the cause; without it each of them is but one restart, as the control shows."""
    container = {
        "name": "web",
        "image": busybox_image,
        "command": ["sh", "-c", ONCE],
        "volumeMounts": [{"name": "seen", "mountPath": "/seen"}],
    }
    web = parts.deployment("web", [container], replicas=3)
    web["spec"]["template"]["spec"]["volumes"] = [{"name": "seen", "emptyDir": {}}]
    wanted = parts.target(namespace, [web], healthy_for=timedelta(seconds=4), guard=guard)
    async with asyncio.timeout(90):
        outcome = await rollouts.roll_out(model.DeploymentPlan(target=wanted), KubernetesDestination(cluster))
    assert outcome.verdict.kind == kind, outcome.verdict.reason
    if kind == "failed":
        assert outcome.verdict.cause is not None
        assert outcome.verdict.cause.reason == "unsteady"
        assert outcome.verdict.cause.sentence == (
            "Deployment web is not steady: after they were ready, 3 of its 3 pods have restarted 3 times."
        )
