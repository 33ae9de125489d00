"""Scenarios of rollouts and how they are played: on a real cluster, each in a namespace of its own, many at once."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Any

import yaml

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, pod_objects
from sealane.deployments import model
from sealane.destinations.kubernetes import provided_refs
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Identity
from sealane.formations.health_checks import HealthCheck
from testbed.access import let_in
from testbed.record import Bed
from tests import rollouts
from tests.integration.deployments import hooked

_Made = list[tuple[kinds.Kind[Any], str]]

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "rollouts"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One file: manifests in, what is to be said of them out.

    Its keys: `title`, what it is about; `namespace`, labels of the namespace; `before`, objects that an administrator makes
    first; `first`, a revision that is deployed before, by `first_rules`; `objects`, the revision in question, by `rules`
    (healthy_for, patience, deadline), with the formation's `health` checks and `hooks`; `later`, objects that an
    administrator makes or changes so long after it was applied. Of `expect`: `state`, and of a failure `reason`, `decisive`, `object`,
    `container`, `sentence` (a pattern), `log` (the line that tells most) and `previous_log` (a line of the run before);
    `earlier`, the verdict on what came first; `order`, patterns of what is told one after the other; `workloads`, what is
    seen of some in the end; `there`, the names of all Deployments that are there then.
    """

    name: str
    text: str

    def filled(self, words: Mapping[str, str]) -> dict[str, Any]:
        """The document with its words replaced."""
        document: dict[str, Any] = yaml.safe_load(Template(self.text).safe_substitute(words))
        return document


def scenarios() -> list[Scenario]:
    """All of them, by name."""
    return [Scenario(name=file.stem, text=file.read_text()) for file in sorted(SCENARIOS.glob("*.yaml"))]


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of a scenario."""

    name: str
    expect: Mapping[str, Any]
    outcome: rollouts.Ended
    told: Sequence[model.Progress] = field(default_factory=tuple)
    earlier: str | None = None
    """The verdict on what came first, if anything did."""
    there: Sequence[str] = ()
    """The Deployments that are there in the end, by name."""


def span(text: str) -> timedelta:
    """A time as scenarios write it: `4s`."""
    return timedelta(seconds=float(text.removesuffix("s")))


def twin(name: str, image: str) -> dict[str, Any]:
    """A healthy Deployment beside the one in question, which nobody may blame."""
    container = {"name": "web", "image": image, "command": ["sleep", "3600"], "resources": {"requests": {"cpu": "1m"}}}
    return deployment(f"{name}-twin", [container])


def deployment(name: str, containers: Sequence[Mapping[str, Any]], **spec: Any) -> dict[str, Any]:
    """A Deployment of one pod that goes at once when it is told to."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"run": name}},
            "template": {
                "metadata": {"labels": {"run": name}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": list(containers)},
            },
            **spec,
        },
    }


def web(name: str = "web") -> str:
    """The same as a stencil or template of YAML, up to its one container, whose fields are still to be written."""
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{run: web}}}}
  template:
    metadata: {{labels: {{run: web}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
"""


def target(
    namespace: str, objects: Sequence[Mapping[str, Any]], *, revision: str = "one", **rules: Any
) -> model.Target:
    """What a plan asks for, with short times."""

    async def ready() -> Sequence[Mapping[str, Any]]:
        return objects

    rules = {"healthy_for": timedelta(seconds=1), "patience": timedelta(seconds=60), **rules}
    identity = Identity(app="shop", formation="dev", namespace=namespace, revision=f"sha256:{revision}", sequence=1)
    return model.Target(
        identity=identity, objects=ready, manifests=tuple(objects), made=provided_refs.made(objects), **rules
    )


async def play(
    scenario: Scenario, bed: Bed, admin: clusters.Cluster, cluster: clusters.Cluster, **words: str
) -> Played:
    """Deploys the scenario beside a healthy twin, with nothing to roll back to; what comes `first` is deployed before."""
    name = f"n{secrets.token_hex(3)}"
    document = scenario.filled({"name": name, "busybox": bed.busybox_image, "registry": bed.registry, **words})
    labels = (document.get("namespace") or {}).get("labels", {})
    told: list[model.Progress] = []
    async with a_namespace(admin, cluster, labels) as namespace, _outside_of_namespaces(admin) as made:
        await _make(document.get("before") or (), admin, namespace, made)
        own = hooked.of(document.get("hooks") or {}, bed.busybox_image)
        every = [*(document.get("first") or ()), *document["objects"], *own.jobs.values()]
        await _allowed(every, cluster, namespace)
        beside = twin(name, bed.busybox_image)
        destination = KubernetesDestination(cluster)
        earlier = None
        if first := document.get("first"):
            rules = {"healthy_for": timedelta(seconds=1), **_rules(document.get("first_rules"))}
            wanted = target(namespace, [*first, beside], revision="zero", **rules)
            earlier = (await rollouts.roll_out(model.DeploymentPlan(target=wanted), destination)).verdict.kind.value
        wanted = target(
            namespace,
            [*document["objects"], beside],
            health=tuple(HealthCheck(**check) for check in document.get("health") or ()),
            **{"healthy_for": timedelta(seconds=60), **_rules(document.get("rules"))},
        )
        later = asyncio.create_task(_later(document.get("later") or (), told, admin, namespace, made))
        try:
            plan = model.DeploymentPlan(target=wanted)
            outcome = await rollouts.roll_out(plan, destination, listener=told.append, beside=own)
        finally:
            later.cancel()
            await asyncio.gather(later, return_exceptions=True)
        there = sorted(
            deployment.metadata.name for deployment in (await admin.list(kinds.DEPLOYMENT, namespace=namespace)).items
        )
        if any("finalizers" in line for line in scenario.text.splitlines()):
            await _let_go(admin, namespace)
    return Played(name=name, expect=document["expect"], outcome=outcome, told=told, earlier=earlier, there=there)


def check(result: Played, *, in_order: bool = True) -> None:
    """The verdict, its cause and whom it blames are the scenario's; the twin and the containers beside it are not blamed.

    Whoever doesn't see everything does not hear everything `in_order` either.
    """
    expect, verdict = result.expect, result.outcome.verdict
    assert result.earlier in (None, expect.get("earlier", "deployed"))
    if in_order:
        _check_order(expect.get("order", ()), [*(progress.message for progress in result.told), verdict.reason])
    _check_workloads(expect.get("workloads", {}), result)
    assert "there" not in expect or list(result.there) == expect["there"]
    if expect["state"] == "healthy":
        assert (verdict.kind, verdict.cause) == ("deployed", None), verdict.reason
        return
    assert verdict.kind == "failed", verdict.reason
    cause = verdict.cause
    assert cause is not None
    assert (cause.reason, cause.decisive, cause.container) == (
        expect["reason"],
        expect["decisive"],
        expect.get("container"),
    ), cause.sentence
    assert fnmatch.fnmatchcase(cause.object, expect["object"]), cause.sentence
    assert re.search(expect["sentence"], cause.sentence), cause.sentence
    assert cause.log == expect["log"] if "log" in expect else True, cause.log
    failure_report = result.outcome.failure_report
    assert failure_report is not None
    previous = [line for log in failure_report["logs"] if log["previous"] for line in log["lines"]]
    assert expect["previous_log"] in previous if "previous_log" in expect else True, previous
    others = [other for other in failure_report["others"] if not _is_late(other)]
    assert not [other for other in others if "-twin" in other["object"] or other["container"] in {"log", "proxy"}], (
        others
    )


def _is_late(other: Mapping[str, Any]) -> bool:
    """Whether it only says that the node is slow, as on a busy machine: it tries the volumes of tokens again."""
    slow = {"starting", "node_not_responding"}
    return other["reason"] in slow or (other["reason"] == "volume_pending" and "failed to sync" in other["sentence"])


def _check_order(patterns: Sequence[str], told: Sequence[str]) -> None:
    """Each pattern is found, at or after where the one before was."""
    rest = iter([*told])
    for pattern in patterns:
        assert any(re.search(pattern, line) for line in rest), f"no {pattern} in its place among {told}"


def _check_workloads(expected: Mapping[str, Mapping[str, Any]], result: Played) -> None:
    """What was seen of workloads in the end: `desired` instances, or what each one's `message` is."""
    last = [progress.observation for progress in result.told if progress.observation][-1:]
    seen = {workload.object: workload for observation in last for workload in observation.workloads}
    for name, expect in expected.items():
        assert {key: getattr(seen[name], key) for key in expect} == expect


def _rules(given: Mapping[str, str] | None) -> dict[str, Any]:
    return {key: span(value) for key, value in (given or {}).items()}


async def _later(
    groups: Sequence[Mapping[str, Any]],
    told: Sequence[model.Progress],
    admin: clusters.Cluster,
    namespace: str,
    made: _Made,
) -> None:
    """Makes or changes objects once the revision is applied: each group so long after the one before."""
    while not told:  # noqa: ASYNC110 - it is a list that a callback fills
        await asyncio.sleep(0.05)
    for group in groups:
        await asyncio.sleep(span(group["after"]).total_seconds())
        await _make(group["objects"], admin, namespace, made)


async def _make(wanted: Sequence[Mapping[str, Any]], admin: clusters.Cluster, namespace: str, made: _Made) -> None:
    """Applies objects as the cluster's administrator; those of no namespace are noted, to be taken away.

    One that is there stays whose it is.
    """
    for manifest in wanted:
        kind = kinds.of(manifest)
        resource = await admin.resource(kind)
        if not resource.namespaced:
            made.append((kind, manifest["metadata"]["name"]))
        place = namespace if resource.namespaced else None
        there = await admin.find(kind, manifest["metadata"]["name"], namespace=place)
        labels = (there["metadata"].get("labels") or {}) if there else {}
        labelled = {**manifest["metadata"], "labels": {**labels, **manifest["metadata"].get("labels", {})}}
        await admin.apply({**manifest, "metadata": labelled}, namespace=place, force=True)
        if manifest["kind"] == "CustomResourceDefinition":
            spec = manifest["spec"]
            await _known(kinds.whole(f"{spec['group']}/{spec['versions'][0]['name']}", spec["names"]["kind"]), admin)


async def _known(kind: kinds.Kind[Any], admin: clusters.Cluster) -> None:
    """Waits until the server tells of a kind that was defined a moment ago."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(errors.UnknownKind):
                await admin.resource(kind)
                return
            await asyncio.sleep(0.1)


async def _allowed(wanted: Sequence[Mapping[str, Any]], cluster: clusters.Cluster, namespace: str) -> None:
    """Waits until Sealane's account may write all kinds: rights given a moment ago take one."""
    async with asyncio.timeout(30):
        for kind in {kinds.of(manifest) for manifest in wanted}:
            await _known(kind, cluster)
            while not await cluster.may("patch", kind, namespace=namespace):  # noqa: ASYNC110 - it is over there
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _outside_of_namespaces(admin: clusters.Cluster) -> AsyncIterator[_Made]:
    """Objects that no namespace takes with it, taken away in the end, last made first."""
    made: _Made = []
    try:
        yield made
    finally:
        for kind, name in reversed(made):
            with contextlib.suppress(errors.NotFound):
                await admin.delete(kind, name)


async def _let_go(admin: clusters.Cluster, namespace: str) -> None:
    """Deletes workloads and takes finalizers off pods, so that the namespace can go."""
    for stateful_set in (await admin.list(kinds.STATEFUL_SET, namespace=namespace)).items:
        await admin.delete(kinds.STATEFUL_SET, stateful_set.metadata.name, namespace=namespace)
    async with asyncio.timeout(30):
        while held := [pod for pod in (await admin.list(kinds.POD, namespace=namespace)).items if _held(pod)]:
            for pod in held:
                with contextlib.suppress(errors.NotFound):
                    off = [{"op": "remove", "path": "/metadata/finalizers"}]
                    await admin.patch(kinds.POD, pod.metadata.name, off, namespace=namespace)
            await asyncio.sleep(0.2)


def _held(pod: pod_objects.Pod) -> bool:
    return bool(pod.metadata.finalizers)


@asynccontextmanager
async def a_namespace(
    admin: clusters.Cluster, cluster: clusters.Cluster, labels: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """A fresh namespace in which Sealane's account may deploy and pods are let in."""
    name = f"t-{secrets.token_hex(4)}"
    await admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}})
    try:
        await admin.create(let_in(name), namespace=name)
        account = kinds.whole("v1", "ServiceAccount")
        async with asyncio.timeout(60):
            while not await cluster.may("create", kinds.CONFIG_MAP, namespace=name):  # noqa: ASYNC110 - it is over there
                await asyncio.sleep(0.05)
            while not await admin.find(account, "default", namespace=name):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield name
    finally:
        with contextlib.suppress(errors.NotFound):
            await admin.delete(kinds.NAMESPACE, name)
