"""Formations as a server has them that deployed them: applied under Sealane's labels, and recorded in its database.

The server's own code does both; only the rollouts were not watched, which `bench.crowd` measures.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import cluster, pretending
from bench.demo import places
from sealane import clock
from sealane.blobs.logs import Logs
from sealane.clients.kubernetes import cluster as clusters
from sealane.deployments import targets
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Applied
from sealane.records.apps import App
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.stencils.model import Revision
from sealane.store import conclusion
from sealane.store.all_stores import Store
from sealane.verdicts.model import Verdict, VerdictKind
from tests import revisions

PLACES = 10
"""Formations of one app."""
_ENVIRONMENT = "crowd"
_AT_ONCE = 8
_IMAGE = "registry.example.com/pretended:1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Formation:
    """One formation, and what stands for it."""

    app: str
    name: str
    namespace: str
    deployment: str
    workload: str


def formations(number: int, namespaces: Sequence[str]) -> tuple[Formation, ...]:
    """So many, spread over apps and namespaces."""
    return tuple(
        Formation(
            app=f"app-{at // PLACES}",
            name=f"place-{at % PLACES}",
            namespace=namespaces[at % len(namespaces)],
            deployment=f"d-{at}",
            workload=f"web-{at}",
        )
        for at in range(number)
    )


def write_environment(folder: Path, crowd: pretending.Crowd, wanted: Sequence[Formation]) -> None:
    """The operators' file that lets the apps come to the cluster."""
    limits = {"namespaces": list(crowd.namespaces), "registries": ["registry.example.com/**"]}
    document = {
        "environment": _ENVIRONMENT,
        "destinations": {"here": {"kubernetes": {"kubeconfig": crowd.here.sealane_kubeconfig}}},
        "apps": {each.app: limits for each in wanted},
        "policies": {"packs": []},
    }
    path = folder / "environments" / f"{_ENVIRONMENT}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))


async def deploy(data: Path, crowd: pretending.Crowd, wanted: Sequence[Formation], *, pods: int) -> None:
    """Applies all of them and records each as deployed, in the server's data folder."""
    store = await Store.open(f"sqlite:///{data}/sealane.db", logs=Logs(data / "logs"))
    turns = asyncio.Semaphore(_AT_ONCE)
    try:
        for name in dict.fromkeys(each.app for each in wanted):
            await store.apps.add(_app(name), by="bench")
        async with clusters.Cluster.connect(Path(crowd.here.sealane_kubeconfig)) as connected:
            destination = KubernetesDestination(connected)

            async def one(each: Formation) -> None:
                async with turns:
                    await _one(store, destination, each, pods)

            await asyncio.gather(*map(one, wanted))
    finally:
        await store.close()


def until_ready(crowd: pretending.Crowd, wanted: Sequence[Formation], *, pods: int, within: float) -> None:
    """Waits until every pod is."""
    words = ("get", "deployments", "--all-namespaces", "--output=jsonpath={.items[*].status.readyReplicas}")

    def ready() -> bool | None:
        return sum(map(int, cluster.kubectl(crowd.here, *words).split())) >= pods * len(wanted) or None

    places.until("all pods to be ready", ready, within=within)


async def _one(store: Store, destination: KubernetesDestination, formation: Formation, pods: int) -> None:
    revision = _revision(formation, pods)
    target = await targets.to_look_at(revision, destination)
    applied: Applied = await destination.apply(await target.objects(), identity=target.identity, fence=_fence)
    if applied.refusals:
        raise places.Broke(f"{formation.workload} could not be applied: {applied.refusals[0].message}")
    offered = Deployment(
        id=formation.deployment,
        app=formation.app,
        formation=formation.name,
        sequence=1,
        kind=DeploymentKind.DELIVERY,
        state=DeploymentState.WAITING,
        environment=_ENVIRONMENT,
        destination="here",
        namespace=formation.namespace,
        revision_id=revision.id,
        created=clock.now(),
    )
    await store.deployments.offer(offered, revision)
    await store.deployment_queue.open(offered.id, revision_id=revision.id, at=clock.now())
    await store.deployment_queue.begin(offered.id, at=clock.now())
    verdict = Verdict(kind=VerdictKind.DEPLOYED, reason="all is ready", at=clock.now())
    await conclusion.conclude(store.database, offered.id, verdict, inventory=applied.inventory)


async def _fence() -> None:
    """Nobody else is about."""


def _app(name: str) -> App:
    return App(
        name=name,
        repository=f"https://git.example.com/{name}.git",
        path="",
        owner="bench",
        trunk="main",
        hosted=False,
        hook_generation=1,
        created=clock.now(),
    )


def _revision(formation: Formation, pods: int) -> Revision:
    made = (_workload(formation, pods), _service(formation), _settings(formation))
    return revisions.of(
        made, app=formation.app, formation=formation.name, environment=_ENVIRONMENT, namespace=formation.namespace
    )


def _workload(formation: Formation, pods: int) -> dict[str, Any]:
    """A Deployment of the size that people write."""
    labels = {"app.kubernetes.io/name": formation.workload}
    probe = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 5}
    container = {
        "name": "web",
        "image": _IMAGE,
        "ports": [{"name": "http", "containerPort": 8000}],
        "env": [{"name": f"SETTING_{number}", "value": f"value {number}"} for number in range(10)],
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/web"}],
    }
    spec = {"containers": [container], "volumes": [{"name": "settings", "configMap": {"name": formation.workload}}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(formation),
        "spec": {
            "replicas": pods,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _service(formation: Formation) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    spec = {"selector": {"app.kubernetes.io/name": formation.workload}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(formation), "spec": spec}


def _settings(formation: Formation) -> dict[str, Any]:
    data = {"settings.yaml": "greeting: hello\n"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(formation), "data": data}


def _metadata(formation: Formation) -> dict[str, Any]:
    return {"name": formation.workload, "namespace": formation.namespace}
