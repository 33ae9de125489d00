"""A failed revision is rolled back on a real cluster: what is there afterwards equals the revision verified before."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.deployments import model
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Applied, Inventory
from tests import rollouts
from tests.bed import Kubectl
from tests.integration.deployments import parts

CRASH = ["sh", "-c", "echo no such table; exit 3"]
SLEEP = ["sleep", "3600"]


def settings(name: str, colour: str) -> dict[str, Any]:
    """A ConfigMap as a formation's: immutable, named for what it holds."""
    data = {"colour": colour}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "immutable": True, "data": data}


def keys(name: str, token: str) -> dict[str, Any]:
    """A Secret as a formation's."""
    data = {"token": token}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "immutable": True, "stringData": data}


def workload(name: str, image: str, command: Sequence[str], suffix: str, *, kind: str = "Deployment") -> dict[str, Any]:
    """One pod that reads the configuration and the secret of its version."""
    refs = [{"configMapRef": {"name": f"settings-{suffix}"}}, {"secretRef": {"name": f"keys-{suffix}"}}]
    container = {"name": "web", "image": image, "command": list(command), "envFrom": refs}
    made = parts.deployment(name, [container])
    return made | {"kind": kind, "spec": made["spec"] | ({"serviceName": name} if kind == "StatefulSet" else {})}


async def live(admin: clusters.Cluster, namespace: str) -> dict[str, Any]:
    """What runs and what it reads, as far as two revisions differ."""
    pods = (await admin.list(kinds.POD, namespace=namespace)).items
    running = {
        pod.metadata.name.rpartition("-")[0]: sorted(container.image for container in pod.spec.containers)
        for pod in pods
        if pod.metadata.deletion_timestamp is None
    }
    live_objects: dict[str, Any] = {"pods": running}
    for kind in ("ConfigMap", "Secret", "Service"):
        items = (await admin.list(kinds.whole("v1", kind), namespace=namespace)).items
        live_objects[kind] = {
            item["metadata"]["name"]: item.get("data") or item["spec"].get("ports")
            for item in items
            if item["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "sealane"
        }
    return live_objects


async def deploy(
    destination: KubernetesDestination,
    wanted: model.Target,
    *,
    stored: Inventory = (),
    previous: model.Target | None = None,
    told: list[model.Progress] | None = None,
) -> rollouts.Ended:
    """Rolls out as the command line and the server do."""
    plan = model.DeploymentPlan(target=wanted, stored=stored, previous=previous)
    listener = told.append if told is not None else model.unheard
    async with asyncio.timeout(90):
        return await rollouts.roll_out(plan, destination, listener=listener)


@pytest.mark.parametrize(
    ("kind", "image", "command"),
    [
        ("Deployment", "{busybox}", CRASH),
        ("StatefulSet", "{busybox}", CRASH),
        ("StatefulSet", "{registry}/no/such:1", SLEEP),
    ],
)
async def test_what_is_there_afterwards_equals_the_verified_revision(
    kind: str,
    image: str,
    command: Sequence[str],
    admin: clusters.Cluster,
    cluster: clusters.Cluster,
    namespace: str,
    busybox_image: str,
    registry: str,
) -> None:
    """Pods, configuration, secrets and objects are those of the revision before; what only the failed one had is gone."""
    destination = KubernetesDestination(cluster)
    first = [
        settings("settings-one", "blue"),
        keys("keys-one", "first"),
        workload("web", busybox_image, SLEEP, "one", kind=kind),
        service("web", 80),
    ]
    second = [
        settings("settings-two", "red"),
        keys("keys-two", "second"),
        workload("web", image.format(busybox=busybox_image, registry=registry), command, "two", kind=kind),
        service("other", 81),
    ]
    one = parts.target(namespace, first, revision="one")
    good = await deploy(destination, one)
    assert good.verdict.kind == "deployed"
    before = await live(admin, namespace)
    told: list[model.Progress] = []
    two = parts.target(namespace, second, revision="two", healthy_for=timedelta(seconds=30))
    bad = await deploy(destination, two, stored=good.inventory, previous=one, told=told)
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    assert bad.verdict.cause is not None
    assert bad.verdict.cause.container == "web"
    after = await live(admin, namespace)
    if kind == "Deployment":
        assert {name.rpartition("-")[0] for name in after["pods"]} == {"web"}
    assert after["pods"] == before["pods"]
    assert after == before
    assert {ref.key for ref in bad.inventory} == {ref.key for ref in good.inventory}
    phases = [message.phase for message in told]
    assert phases.index(model.Phase.FAILURE_REPORT) < phases.index(model.Phase.REVERT)


def service(name: str, port: int) -> dict[str, Any]:
    """Something that one revision has and the other has not."""
    spec = {"selector": {"run": "web"}, "ports": [{"port": port, "targetPort": port, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


async def test_going_further_back_makes_what_was_pruned_again(
    admin: clusters.Cluster,
    cluster: clusters.Cluster,
    namespace: str,
    busybox_image: str,
) -> None:
    """A rollback is a deployment of an earlier revision: what a later one had pruned is there again."""
    destination = KubernetesDestination(cluster)
    web = parts.deployment("web", [{"name": "web", "image": busybox_image, "command": SLEEP}])
    one = parts.target(namespace, [web, service("web", 80), settings("settings-one", "blue")], revision="one")
    two = parts.target(namespace, [web, settings("settings-two", "red")], revision="two")
    first = await deploy(destination, one)
    before = await live(admin, namespace)
    second = await deploy(destination, two, stored=first.inventory)
    assert not (await live(admin, namespace))["Service"]
    third = await deploy(destination, one, stored=second.inventory)
    assert [played.verdict.kind for played in (first, second, third)] == ["deployed"] * 3
    assert await live(admin, namespace) == before


async def test_an_image_that_is_gone_makes_going_back_fail_loudly(
    cluster: clusters.Cluster,
    namespace: str,
    registry: str,
    busybox_image: str,
) -> None:
    """The verdict says that going back failed, too, and why; both failure reports are kept."""
    destination = KubernetesDestination(cluster)
    repository = f"gone/{secrets.token_hex(4)}"
    async with httpx.AsyncClient(base_url=f"http://{registry}", timeout=60) as web:
        digest = await copied(web, busybox_image, repository)
        old = {
            "name": "web",
            "image": f"{registry}/{repository}@{digest}",
            "command": SLEEP,
            "imagePullPolicy": "Always",
        }
        one = parts.target(namespace, [parts.deployment("web", [old], strategy={"type": "Recreate"})], revision="one")
        good = await deploy(destination, one)
        assert good.verdict.kind == "deployed", good.verdict.reason
        (await web.delete(f"/v2/{repository}/manifests/{digest}")).raise_for_status()
    new = {"name": "web", "image": busybox_image, "command": CRASH}
    changed = parts.deployment("web", [new], strategy={"type": "Recreate"})
    two = parts.target(namespace, [changed], revision="two", healthy_for=timedelta(seconds=30))
    bad = await deploy(destination, two, stored=good.inventory, previous=one)
    assert bad.verdict.kind == "rollback_failed", bad.verdict.reason
    assert "ended twice with exit code 3" in bad.verdict.reason
    assert "The rollback failed too: Container web of pod web-" in bad.verdict.reason
    assert "the registry does not have image" in bad.verdict.reason
    assert bad.failure_report is not None
    assert bad.second_failure_report is not None


async def copied(web: httpx.AsyncClient, image: str, repository: str) -> str:
    """Copies an image's manifest and blobs within the registry; gives the digest."""
    _, _, rest = image.partition("/")
    source, _, tag = rest.partition(":")
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    manifest = await web.get(f"/v2/{source}/manifests/{tag}", headers={"Accept": accept})
    content: Mapping[str, Any] = manifest.json()
    for blob in (content["config"], *content["layers"]):
        asked = {"mount": blob["digest"], "from": source}
        (await web.post(f"/v2/{repository}/blobs/uploads/", params=asked)).raise_for_status()
    put = await web.put(
        f"/v2/{repository}/manifests/1",
        content=manifest.content,
        headers={"Content-Type": manifest.headers["Content-Type"]},
    )
    put.raise_for_status()
    return put.headers["Docker-Content-Digest"]


async def test_a_refused_revision_leaves_what_is_there(
    admin: clusters.Cluster,
    cluster: clusters.Cluster,
    namespace: str,
    busybox_image: str,
) -> None:
    """A field that can't be changed is refused before anything is written, and said so."""
    destination = KubernetesDestination(cluster)
    web = parts.deployment("web", [{"name": "web", "image": busybox_image, "command": SLEEP}])
    one = parts.target(namespace, [web], revision="one")
    good = await deploy(destination, one)
    before = await admin.get(kinds.DEPLOYMENT, "web", namespace=namespace)
    other = {"matchLabels": {"run": "other"}}
    template = web["spec"]["template"] | {"metadata": {"labels": {"run": "other"}}}
    changed = web | {"spec": web["spec"] | {"selector": other, "template": template}}
    two = parts.target(namespace, [settings("settings-two", "red"), changed], revision="two")
    bad = await deploy(destination, two, stored=good.inventory, previous=one)
    assert bad.verdict.kind == "failed"
    assert bad.verdict.cause is not None
    assert (bad.verdict.cause.object, bad.verdict.cause.reason) == ("Deployment/web", "refused")
    assert bad.verdict.untouched
    after = await admin.get(kinds.DEPLOYMENT, "web", namespace=namespace)
    assert after.metadata.generation == before.metadata.generation
    assert await admin.find(kinds.CONFIG_MAP, "settings-two", namespace=namespace) is None


async def test_a_revision_that_recreates_its_pods_can_be_redeployed(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """The failed one left its rollout to the cluster's default: `rollingUpdate` is there, and nobody's."""
    destination = KubernetesDestination(cluster)
    good = {"name": "web", "image": busybox_image, "command": SLEEP}
    first = parts.target(namespace, [parts.deployment("web", [good])], revision="one")
    recreates = parts.deployment("web", [good], strategy={"type": "Recreate"})
    second = parts.target(namespace, [recreates], revision="two")
    bad = parts.deployment("web", [{**good, "command": CRASH}])
    third = parts.target(namespace, [bad], revision="three", healthy_for=timedelta(seconds=30))
    begun = await deploy(destination, first)
    again = await deploy(destination, first, stored=begun.inventory)
    moved = await deploy(destination, second, stored=again.inventory)
    failed = await deploy(destination, third, stored=moved.inventory, previous=second)
    assert [played.verdict.kind for played in (begun, again, moved)] == ["deployed"] * 3
    assert failed.verdict.kind == "rolled_back", failed.verdict.reason
    live = await cluster.get(kinds.whole("apps/v1", "Deployment"), "web", namespace=namespace)
    assert live["spec"]["strategy"] == {"type": "Recreate"}


async def test_the_stencils_number_counts_again_once_the_autoscaler_is_gone(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """The autoscaler's last number stays only as long as the autoscaler does."""
    destination = KubernetesDestination(cluster)
    web = parts.deployment("web", [{"name": "web", "image": busybox_image, "command": SLEEP}])
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 3,
            "maxReplicas": 3,
        },
    }
    one = parts.target(namespace, [web, scaler], revision="one")
    two = parts.target(namespace, [{**web, "spec": {**web["spec"], "replicas": 2}}], revision="two")
    first = await deploy(destination, one)
    deployment = kinds.whole("apps/v1", "Deployment")
    async with asyncio.timeout(60):
        while (await cluster.get(deployment, "web", namespace=namespace))["spec"]["replicas"] != 3:  # noqa: ASYNC110 - the autoscaler is over there
            await asyncio.sleep(0.2)
    kept = await deploy(destination, one, stored=first.inventory)
    assert (await cluster.get(deployment, "web", namespace=namespace))["spec"]["replicas"] == 3

    ended = await deploy(destination, two, stored=kept.inventory)

    assert ended.verdict.kind == "deployed", ended.verdict.reason
    assert [ref.kind for ref in ended.inventory] == ["Deployment"]
    assert (await cluster.get(deployment, "web", namespace=namespace))["spec"]["replicas"] == 2


class Meddled(KubernetesDestination):
    """A cluster in which somebody does something right after each apply."""

    def __init__(self, cluster: clusters.Cluster, meddle: Callable[[], object]) -> None:
        super().__init__(cluster)
        self._meddle = meddle

    async def apply(self, objects: Sequence[Mapping[str, Any]], **more: Any) -> Applied:
        """See the port."""
        applied = await super().apply(objects, **more)
        await asyncio.to_thread(self._meddle)
        return applied


async def test_what_somebody_else_sets_while_it_rolls_out_is_not_deployed(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str, kubectl: Kubectl
) -> None:
    """It would be ready all the same. Who steers the number of instances is in nobody's way."""

    def version(word: str) -> dict[str, Any]:
        container = {"name": "web", "image": busybox_image, "command": SLEEP, "env": [{"name": "A", "value": word}]}
        return parts.deployment("web", [container])

    def set_another() -> None:
        kubectl("-n", namespace, "scale", "deployment/web", "--replicas=2")
        if not said:
            said.append(kubectl("-n", namespace, "set", "env", "deployment/web", "A=mine"))

    said = [""]
    destination = Meddled(cluster, set_another)
    one = parts.target(namespace, [version("1")], revision="one")
    good = await deploy(destination, one)
    assert good.verdict.kind == "deployed", good.verdict.reason
    said.clear()
    two = parts.target(namespace, [version("2")], revision="two")
    bad = await deploy(destination, two, stored=good.inventory, previous=one)
    assert bad.verdict.kind == "rolled_back", bad.verdict.reason
    assert bad.verdict.reason.startswith("Deployment web was changed by kubectl-set at ")
    assert "spec.template.spec.containers[web].env[A].value is mine and was to be 2" in bad.verdict.reason
    there = await admin.find(kinds.DEPLOYMENT, "web", namespace=namespace)
    assert there is not None
    assert there.spec.replicas == 2


async def test_a_late_write_of_our_own_is_written_again(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """That of a command which was killed, and whose write was under way."""
    web = parts.deployment("web", [{"name": "web", "image": busybox_image, "command": SLEEP}])
    late = parts.deployment("web", [{"name": "web", "image": busybox_image, "command": ["sleep", "60"]}])
    writes: list[str] = []

    class Late(KubernetesDestination):
        async def apply(self, objects: Sequence[Mapping[str, Any]], **more: Any) -> Applied:
            """See the port."""
            applied = await super().apply(objects, **more)
            writes.append("own")
            if len(writes) == 1:
                await super().apply([late], **more)
            return applied

    told: list[model.Progress] = []
    ended = await deploy(Late(cluster), parts.target(namespace, [web], revision="one"), told=told)
    assert ended.verdict.kind == "deployed", ended.verdict.reason
    assert len(writes) == 2
    assert any("a late write of Sealane's own" in message.message for message in told)
