"""Blue-green and canary on a real cluster: who serves when, what a failure leaves alone, and that nothing is left over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Inventory
from sealane.rollouts import goals, model, pruning, rolling_out
from sealane.rollouts.strategies import surveying
from sealane.rollouts.strategies.model import Shape
from sealane.stencils.model import BlueGreen, CanaryStep, Strategy
from tests.integration.rollouts import parts

BLUE_GREEN = Strategy(kind="blue_green", blue_green=BlueGreen())
AT_ONCE = Strategy(kind="blue_green", blue_green=BlueGreen(keep_old_for=timedelta()))
CANARY = Strategy(
    kind="canary",
    steps=(CanaryStep(weight=25), CanaryStep(pause=timedelta(seconds=1)), CanaryStep(weight=75)),
)
ROLLING = Strategy()


def web(image: str, note: str, *, replicas: int = 1, ready: bool = True, kind: str = "Deployment") -> dict[str, Any]:
    """A workload of that version; one that isn't ready never becomes so."""
    probe = {"exec": {"command": ["true" if ready else "false"]}, "periodSeconds": 1}
    container = {
        "name": "web",
        "image": image,
        "command": ["sleep", "3600"],
        "env": [{"name": "NOTE", "value": note}],
        "readinessProbe": probe,
        "resources": {"requests": {"cpu": "1m"}},
    }
    made = parts.deployment("web", [container], replicas=replicas)
    return made | {"kind": kind, "spec": made["spec"] | ({"serviceName": "web"} if kind == "StatefulSet" else {})}


def service() -> dict[str, Any]:
    """What people reach the workload by."""
    spec = {"selector": {"run": "web"}, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


class Formation:
    """A formation at the cluster, as a command line or a server would remember it."""

    def __init__(self, cluster: clusters.Cluster, admin: clusters.Cluster, namespace: str) -> None:
        self.destination = KubernetesDestination(cluster)
        self.admin = admin
        self.namespace = namespace
        self.inventory: Inventory = ()
        self.verified: tuple[Sequence[dict[str, Any]], Strategy] | None = None
        self.told: list[str] = []
        self.plan: model.DeploymentPlan | None = None

    async def deploy(self, strategy: Strategy, *objects: dict[str, Any]) -> model.Outcome:
        """Rolls out, and remembers what was verified."""
        forward, back = self._goal(objects, strategy), self._goal(*self.verified) if self.verified else None
        forward, back = goals.shaped(forward, back, await surveying.survey(self.destination, forward, back))
        self.plan = model.DeploymentPlan(goal=forward, stored=self.inventory, previous=back)
        self.told = []
        around = rolling_out.Surroundings(
            destination=self.destination, listener=lambda progress: self.told.append(progress.says)
        )
        async with asyncio.timeout(90):
            outcome = await rolling_out.roll_out(self.plan, around)
        self.inventory = outcome.inventory
        if outcome.verdict.kind == "deployed":
            self.verified = (objects, strategy)
        return outcome

    def _goal(self, objects: Sequence[dict[str, Any]], strategy: Strategy) -> model.Goal:
        times = {"healthy_for": timedelta(seconds=1), "patience": timedelta(seconds=4)}
        goal = parts.goal(self.namespace, objects, revision=str(abs(hash(str(objects)))), **times)
        from dataclasses import replace

        return replace(goal, manifests=tuple(objects), shape=Shape(strategy=strategy))

    async def pods(self) -> dict[str, tuple[str, int]]:
        """Uid to the version and the restarts of every pod that isn't leaving."""
        found = (await self.admin.list(kinds.whole("v1", "Pod"), namespace=self.namespace)).items
        return {
            each["metadata"]["uid"]: (
                each["spec"]["containers"][0]["env"][0]["value"],
                sum(one["restartCount"] for one in each["status"].get("containerStatuses", ())),
            )
            for each in found
            if "deletionTimestamp" not in each["metadata"]
        }

    async def serving(self) -> set[str]:
        """Versions of the ready pods that the Service selects."""
        found = await self.admin.find(kinds.whole("v1", "Service"), "web", namespace=self.namespace)
        assert found
        pods = (await self.admin.list(kinds.whole("v1", "Pod"), namespace=self.namespace)).items
        return {
            each["spec"]["containers"][0]["env"][0]["value"]
            for each in pods
            if found["spec"]["selector"].items() <= each["metadata"]["labels"].items()
            and "deletionTimestamp" not in each["metadata"]
            and any(one["type"] == "Ready" and one["status"] == "True" for one in each["status"]["conditions"])
        }

    async def names(self) -> set[str]:
        """`Kind/name` of everything of Sealane's."""
        found = set()
        for version, kind in (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("v1", "Service")):
            items = (await self.admin.list(kinds.whole(version, kind), namespace=self.namespace)).items
            found |= {f"{kind}/{each['metadata']['name']}" for each in items}
        return found


async def test_blue_green_switches_and_goes_back_without_touching_a_pod(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """The other colour is made, takes over, and the first takes over again; a failing one changes nothing for anybody."""
    shop = Formation(cluster, admin, namespace)
    first = (web(busybox_image, "one"), service())
    assert (await shop.deploy(BLUE_GREEN, *first)).verdict.kind == "deployed"
    assert await shop.names() == {"Deployment/web-blue", "Service/web", "Service/web-preview"}
    blue = await shop.pods()

    second = await shop.deploy(BLUE_GREEN, web(busybox_image, "two"), service())
    assert second.verdict.kind == "deployed", second.verdict.reason
    assert await shop.serving() == {"two"}
    both = await shop.pods()
    assert blue.items() <= both.items()
    assert len(both) == 2

    back = await shop.deploy(BLUE_GREEN, *first)
    assert back.verdict.kind == "deployed"
    assert await shop.serving() == {"one"}
    assert await shop.pods() == both

    assert shop.plan
    retired = await pruning.retire(
        shop.destination,
        shop.plan.goal,
        shop.inventory,
        fence=rolling_out.Surroundings(destination=shop.destination).fence,
    )
    shop.inventory = retired.inventory
    assert [str(ref.name) for ref in retired.deleted] == ["web-green"]
    bad = await shop.deploy(BLUE_GREEN, web(busybox_image, "three", ready=False), service())
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    assert bad.verdict.cause
    assert bad.verdict.cause.workload == "Deployment/web-green"
    assert await shop.serving() == {"one"}
    async with asyncio.timeout(40):
        while await shop.pods() != blue:  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.2)
    assert await shop.names() == {"Deployment/web-blue", "Service/web", "Service/web-preview"}
    assert {str(ref.name) for ref in bad.inventory} == {"web-blue", "web", "web-preview"}
