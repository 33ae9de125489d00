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
from aiohttp import web

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Identity
from sealane.rollouts import model, rolling_out
from sealane.verdicts import making
from testbed.access import let_in
from testbed.record import Bed

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "rollouts"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One file: manifests in, what is to be said of them out."""

    name: str
    text: str

    def filled(self, words: Mapping[str, str]) -> dict[str, Any]:
        """The document with its words replaced."""
        return yaml.safe_load(Template(self.text).safe_substitute(words))


def scenarios() -> list[Scenario]:
    """All of them, by name."""
    return [Scenario(name=file.stem, text=file.read_text()) for file in sorted(SCENARIOS.glob("*.yaml"))]


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of a scenario."""

    name: str
    expect: Mapping[str, Any]
    outcome: model.Outcome
    told: Sequence[model.Progress] = field(default_factory=tuple)


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


def goal(namespace: str, objects: Sequence[Mapping[str, Any]], *, revision: str = "one", **rules: Any) -> model.Goal:
    """What a plan asks for, with short times."""

    async def ready() -> Sequence[Mapping[str, Any]]:
        return objects

    rules = {"healthy_for": timedelta(seconds=1), "patience": timedelta(seconds=60), **rules}
    identity = Identity(app="shop", formation="dev", namespace=namespace, revision=f"sha256:{revision}", sequence=1)
    return model.Goal(identity=identity, objects=ready, made=making.made(objects), **rules)


async def play(
    scenario: Scenario, bed: Bed, admin: clusters.Cluster, cluster: clusters.Cluster, **words: str
) -> Played:
    """Deploys the scenario beside a healthy twin, with nothing to go back to."""
    name = f"n{secrets.token_hex(3)}"
    document = scenario.filled({"name": name, "busybox": bed.busybox_image, "registry": bed.registry, **words})
    labels = (document.get("namespace") or {}).get("labels", {})
    told: list[model.Progress] = []
    async with a_namespace(admin, cluster, labels) as namespace:
        for each in document.get("before") or ():
            await admin.apply(each, namespace=namespace)
        rules = {key: span(value) for key, value in {"healthy_for": "60s", **(document.get("rules") or {})}.items()}
        wanted = goal(namespace, [*document["objects"], twin(name, bed.busybox_image)], **rules)
        around = rolling_out.Surroundings(destination=KubernetesDestination(cluster), listener=told.append)
        outcome = await rolling_out.roll_out(model.DeploymentPlan(goal=wanted), around)
    return Played(name=name, expect=document["expect"], outcome=outcome, told=told)


def check(result: Played) -> None:
    """The verdict, its cause and whom it blames are the scenario's; the twin and the containers beside it are not blamed."""
    expect, verdict = result.expect, result.outcome.verdict
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
    dossier = result.outcome.dossier
    assert dossier is not None
    blamed = {(each["object"], each["container"]) for each in dossier["others"] if each["reason"] != "starting"}
    assert not [name for name, container in blamed if "-twin" in name or container in {"log", "proxy"}], blamed


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


@asynccontextmanager
async def closed_registry() -> AsyncIterator[str]:
    """A registry that lets nobody in; its host and port."""

    async def closed(request: web.Request) -> web.Response:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="closed"'})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", closed)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"localhost:{port}"
    finally:
        await runner.cleanup()
