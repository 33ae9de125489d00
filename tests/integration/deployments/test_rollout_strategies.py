"""Blue-green and canary on a real cluster: who serves when, what a failure leaves alone, and that nothing is left over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.deployments import model, prune_phase, targets
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Inventory, unfenced
from sealane.destinations.stages import Shape
from sealane.formations.strategy import BlueGreen, CanaryStep, Strategy
from tests import rollouts
from tests.integration.deployments import parts

BLUE_GREEN = Strategy(kind="blue_green", blue_green=BlueGreen())
AT_ONCE = Strategy(kind="blue_green", blue_green=BlueGreen(keep_old_for=timedelta()))
CANARY = Strategy(
    kind="canary",
    steps=(CanaryStep(weight=25), CanaryStep(pause=timedelta(seconds=1)), CanaryStep(weight=75)),
)
ROLLING = Strategy()


def web(
    image: str, note: str, *, replicas: int = 1, ready: bool = True, broken: bool = False, kind: str = "Deployment"
) -> dict[str, Any]:
    """A workload of that version; one that isn't ready never becomes so, a broken one ends again and again."""
    probe = {"exec": {"command": ["true" if ready else "false"]}, "periodSeconds": 1, "timeoutSeconds": 10}
    container = {
        "name": "web",
        "image": image,
        "command": ["sh", "-c", "exit 3"] if broken else ["sleep", "3600"],
        "env": [{"name": "NOTE", "value": note}],
        "readinessProbe": probe,
        "resources": {"requests": {"cpu": "1m"}},
    }
    made = parts.deployment("web", [container], replicas=replicas)
    numbered = {"serviceName": "web", "ordinals": {"start": 7}} if kind == "StatefulSet" else {}
    return made | {"kind": kind, "spec": made["spec"] | numbered}


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

    async def deploy(self, strategy: Strategy, *objects: dict[str, Any], patience: float = 60) -> rollouts.Ended:
        """Rolls out, and remembers what was verified."""
        forward, back = self._goal(objects, strategy), self._goal(*self.verified) if self.verified else None
        forward = replace(forward, patience=timedelta(seconds=patience))
        survey = await targets.survey(self.destination, forward, back, self.inventory)
        forward, back = targets.shaped(forward, back, survey)
        self.plan = model.DeploymentPlan(target=forward, stored=self.inventory, previous=back)
        self.told = []
        async with asyncio.timeout(180):
            outcome = await rollouts.roll_out(
                self.plan, self.destination, listener=lambda progress: self.told.append(progress.message)
            )
        self.inventory = outcome.inventory
        if outcome.verdict.kind == "deployed":
            self.verified = (objects, strategy)
        return outcome

    def _goal(self, objects: Sequence[dict[str, Any]], strategy: Strategy) -> model.Target:
        times = {"healthy_for": timedelta(seconds=1)}
        target = parts.target(self.namespace, objects, revision=str(abs(hash(str(objects)))), **times)
        shaper = self.destination.in_stages
        return replace(target, manifests=tuple(objects), shape=Shape(strategy=strategy), shaper=shaper)

    async def pods(self) -> dict[str, tuple[str, int]]:
        """Uid to the version and the restarts of every pod that isn't leaving."""
        items = (await self.admin.list(kinds.whole("v1", "Pod"), namespace=self.namespace)).items
        return {
            pod["metadata"]["uid"]: (
                pod["spec"]["containers"][0]["env"][0]["value"],
                sum(one["restartCount"] for one in pod["status"].get("containerStatuses", ())),
            )
            for pod in items
            if "deletionTimestamp" not in pod["metadata"]
        }

    async def until(self, pods: dict[str, tuple[str, int]]) -> None:
        """Waits until exactly these pods are there."""
        async with asyncio.timeout(120):
            while await self.pods() != pods:  # noqa: ASYNC110 - it is over there
                await asyncio.sleep(0.2)

    async def serving(self) -> set[str]:
        """Versions of the ready pods that the Service selects."""
        return set(await self.ready())

    async def ready(self) -> list[str]:
        """The version of each ready pod that the Service selects."""
        service = await self.admin.find(kinds.whole("v1", "Service"), "web", namespace=self.namespace)
        assert service
        pods = (await self.admin.list(kinds.whole("v1", "Pod"), namespace=self.namespace)).items
        return [
            pod["spec"]["containers"][0]["env"][0]["value"]
            for pod in pods
            if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
            and "deletionTimestamp" not in pod["metadata"]
            and any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))
        ]

    async def names(self) -> set[str]:
        """`Kind/name` of everything of Sealane's."""
        names_there = set()
        for version, kind in (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("v1", "Service")):
            items = (await self.admin.list(kinds.whole(version, kind), namespace=self.namespace)).items
            names_there |= {f"{kind}/{item['metadata']['name']}" for item in items}
        return names_there


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
    retired = await prune_phase.retire(shop.destination, shop.plan.target, shop.inventory, fence=unfenced)
    shop.inventory = retired.inventory
    assert [str(ref.name) for ref in retired.deleted] == ["web-green"]
    bad = await shop.deploy(BLUE_GREEN, web(busybox_image, "three", ready=False), service(), patience=6)
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    assert bad.verdict.cause
    assert bad.verdict.cause.workload == "Deployment/web-green"
    assert await shop.serving() == {"one"}
    await shop.until(blue)
    assert await shop.names() == {"Deployment/web-blue", "Service/web", "Service/web-preview"}
    assert {str(ref.name) for ref in bad.inventory} == {"web-blue", "web", "web-preview"}


async def test_a_canary_takes_its_share_and_then_everything(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """Old and new pods serve side by side in the shares that were asked for; afterwards only the new ones are there."""
    shop = Formation(cluster, admin, namespace)
    await shop.deploy(CANARY, web(busybox_image, "one", replicas=4), service())
    old = await shop.pods()

    bad = await shop.deploy(CANARY, web(busybox_image, "two", replicas=4, broken=True), service())
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    assert bad.verdict.cause
    assert bad.verdict.cause.workload == "Deployment/web-canary"
    await shop.until(old)
    assert await shop.names() == {"Deployment/web", "Service/web"}

    shares: list[dict[str, int]] = []
    rolling = asyncio.create_task(shop.deploy(CANARY, web(busybox_image, "three", replicas=4), service()))
    while not rolling.done():
        versions = [version for version, _ in (await shop.pods()).values()]
        share = {version: versions.count(version) for version in versions}
        shares += [share] if share not in shares else []
        await asyncio.sleep(0.1)
    good = await rolling
    assert good.verdict.kind == "deployed", good.verdict.reason
    assert {"one": 4, "three": 1} in shares
    assert {"one": 1, "three": 4} in shares
    assert shares.index({"one": 4, "three": 1}) < shares.index({"one": 1, "three": 4})
    assert await shop.names() == {"Deployment/web", "Service/web"}
    assert {str(ref.name) for ref in good.inventory} == {"web"}
    async with asyncio.timeout(120):
        while {version for version, _ in (await shop.pods()).values()} != {"three"}:  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.2)


async def test_a_canary_that_crashed_is_not_promoted_however_short_ready_has_to_hold(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """It serves for five seconds, ends and is back; nothing but its share ever runs the new version."""
    shop = Formation(cluster, admin, namespace)
    await shop.deploy(CANARY, web(busybox_image, "one", replicas=4), service())
    old = await shop.pods()
    bad = web(busybox_image, "two", replicas=4)
    bad["spec"]["template"]["spec"]["containers"][0]["command"] = ["sh", "-c", "sleep 5; exit 7"]
    steps = (CanaryStep(weight=25), CanaryStep(pause=timedelta(seconds=6)), CanaryStep(weight=50))
    outcome = await shop.deploy(Strategy(kind="canary", steps=steps), bad, service())
    assert outcome.verdict.kind == "rolled_back", outcome.verdict.reason
    assert outcome.verdict.cause
    assert outcome.verdict.cause.workload == "Deployment/web-canary"
    assert "ended twice with exit code 7" in outcome.verdict.reason
    assert not [line for line in shop.told if "goes everywhere" in line]
    await shop.until(old)


async def test_a_stateful_set_gives_its_last_ordinals_first(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """A failing share is renewed again, and the pods below the partition were never touched."""
    shop = Formation(cluster, admin, namespace)
    await shop.deploy(CANARY, web(busybox_image, "one", replicas=3, kind="StatefulSet"))
    old = await shop.pods()
    bad = await shop.deploy(CANARY, web(busybox_image, "two", replicas=3, broken=True, kind="StatefulSet"))
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    after = await shop.pods()
    assert [version for version, _ in after.values()] == ["one"] * 3
    assert len(after.keys() & old.keys()) == 2
    good = await shop.deploy(CANARY, web(busybox_image, "three", replicas=3, kind="StatefulSet"))
    assert good.verdict.kind == "deployed", good.verdict.reason
    assert [version for version, _ in (await shop.pods()).values()] == ["three"] * 3


async def test_a_formation_changes_its_strategy_without_an_outage(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """Somebody serves at every moment, nothing of the former strategy is left, and a failure restores all of it."""
    shop = Formation(cluster, admin, namespace)
    await shop.deploy(ROLLING, web(busybox_image, "one"), service())
    gaps: list[str] = []

    async def look() -> None:
        while True:
            if not await shop.serving():
                gaps.append(shop.told[-1] if shop.told else "")
            await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    rolled = await shop.names()
    bad = await shop.deploy(AT_ONCE, web(busybox_image, "bad", broken=True), service())
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    assert await shop.names() == rolled
    left = {}
    for number, strategy in enumerate((AT_ONCE, CANARY, AT_ONCE, ROLLING)):
        outcome = await shop.deploy(strategy, web(busybox_image, f"v{number}"), service())
        assert outcome.verdict.kind == "deployed", outcome.verdict.reason
        left[number] = await shop.names() - {"Service/web"}
    looking.cancel()
    assert not gaps
    assert left == {
        0: {"Deployment/web-blue", "Service/web-preview"},
        1: {"Deployment/web"},
        2: {"Deployment/web-blue", "Service/web-preview"},
        3: {"Deployment/web"},
    }


def held(name: str, at_least: int) -> dict[str, Any]:
    """An autoscaler of a Deployment, which holds so many pods."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    spec = {"scaleTargetRef": target, "minReplicas": at_least, "maxReplicas": at_least + 2}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec}


def named(workload: dict[str, Any], name: str) -> dict[str, Any]:
    """The workload under another name, its pods under another label, its number left to an autoscaler."""
    template = workload["spec"]["template"] | {"metadata": {"labels": {"run": name}}}
    spec = workload["spec"] | {"selector": {"matchLabels": {"run": name}}, "template": template}
    del spec["replicas"]
    return workload | {"metadata": {"name": name}, "spec": spec}


async def test_what_replaces_what_serves_starts_with_as_many(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """An autoscaler holds three: from blue-green to rolling, and to another name and label, never fewer are ready."""
    shop = Formation(cluster, admin, namespace)
    first = (named(web(busybox_image, "one"), "web"), service(), held("web", 3))
    assert (await shop.deploy(AT_ONCE, *first)).verdict.kind == "deployed"
    async with asyncio.timeout(60):
        while len(await shop.ready()) != 3:  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.2)
    fewest = 3

    async def look() -> None:
        nonlocal fewest
        while True:
            fewest = min(fewest, len(await shop.ready()))
            await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    second = (named(web(busybox_image, "two"), "web"), service(), held("web", 3))
    outcome = await shop.deploy(ROLLING, *second)
    assert outcome.verdict.kind == "deployed", outcome.verdict.reason
    elsewhere = service()
    elsewhere["spec"]["selector"] = {"run": "site"}
    third = (named(web(busybox_image, "three"), "site"), elsewhere, held("site", 3))
    outcome = await shop.deploy(ROLLING, *third)
    assert outcome.verdict.kind == "deployed", outcome.verdict.reason
    async with asyncio.timeout(120):
        while await shop.serving() != {"three"}:  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.2)
    looking.cancel()
    assert fewest == 3
    assert await shop.names() == {"Deployment/site", "Service/web"}
