"""The pods of the other version beside a canary, a new color or a revision rolled back to are counted, and judge nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane import clock
from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import apply_phase, model, watch_phase
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.errors import Unavailable
from sealane.formations.health_checks import HealthCheck
from sealane.formations.strategy import BlueGreen, CanaryStep
from sealane.records import instance_counts
from sealane.verdicts import model as verdicts
from tests.unit.deployments import parts

IDENTITY = destinations.Identity(app="shop", formation="dev", namespace="shop", revision="sha256:1")


def ref(name: str, kind: str = "Deployment", group: str = "apps") -> destinations.ObjectRef:
    return destinations.ObjectRef(group=group, version="v1", kind=kind, namespace="shop", name=name)


OLD, CANARY = ref("web"), ref("web-canary")


class Beside(DummyDestination):
    """The canary becomes ready once the old workload's pods were seen, or can't be."""

    def __init__(self, *old: Any) -> None:
        super().__init__()
        self.old = old
        self.counted = asyncio.Event()

    async def observe(
        self, identity: destinations.Identity, wanted: destinations.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        if wanted == (OLD,):
            for number in self.old:
                if isinstance(number, Exception):
                    self.counted.set()
                    raise number
                yield seen("web", number, ready=False)
            self.counted.set()
        else:
            yield seen("web-canary", 1, ready=False)
            await self.counted.wait()
            yield seen("web-canary", 1, ready=True)
        await asyncio.Event().wait()


def seen(name: str, number: int, *, ready: bool) -> verdicts.Observation:
    now = clock.now()
    workload = verdicts.Workload(
        object=f"Deployment/{name}",
        health=verdicts.Health.READY if ready else verdicts.Health.CONVERGING,
        desired=number,
        updated=number,
        ready=number if ready else 0,
        old=0,
        ready_since=now if ready else None,
        message="",
    )
    return verdicts.Observation(at=now, workloads=(workload,))


async def watched(destination: Beside) -> list[tuple[int, int]]:
    """New and old instances at each look, until the canary is healthy."""
    looks: list[verdicts.Observation] = []
    target = model.Target(identity=IDENTITY, objects=lambda: asyncio.sleep(0, []), healthy_for=timedelta())
    begun = model.Begun(inventory=(CANARY,), at=clock.now(), watched=(CANARY,))
    by = watch_phase.WatchContext(look=looks.append)
    result = await watch_phase.watch(destination, target, begun=begun, beside=(OLD,), by=by)
    assert result.judgement.state == "healthy"
    counts = filter(None, (instance_counts.seen(look, back=False) for look in looks))
    return [(count.updated, count.old) for count in counts]


async def test_they_are_counted_as_old_and_do_not_keep_it_from_healthy() -> None:
    """The old workload is not ready, which is no fault of the canary."""
    assert (await watched(Beside(4, 3)))[-1] == (1, 3)


async def test_trouble_with_them_only_ends_the_counting() -> None:
    assert (await watched(Beside(4, Unavailable("no answer", hint=""))))[-1] == (1, 4)


def test_only_workloads_of_kinds_that_are_judged_are_counted() -> None:
    stored = (OLD, CANARY, ref("db", "StatefulSet"), ref("words", "ConfigMap", ""))
    begun = model.Begun(inventory=(OLD, CANARY), at=clock.now(), watched=(CANARY,))
    assert apply_phase.beside(stored, begun) == (OLD,)
    assert apply_phase.beside(stored, replace(begun, watched=None)) == ()


class Counting(rollout_lines.Json):
    """Keeps the most old instances that each stage told of."""

    def __init__(self) -> None:
        super().__init__()
        self.most: dict[str, int] = {}

    def tell(self, told: model.Progress) -> None:
        """Notes the count."""
        super().tell(told)
        if told.observation and (count := instance_counts.seen(told.observation, back=False)):
            self.most[told.phase] = max(self.most.get(told.phase, 0), count.old)


@pytest.mark.parametrize(
    "strategy",
    [
        {"kind": "canary", "steps": (CanaryStep(weight=25),)},
        {"kind": "blue_green", "blue_green": BlueGreen(keep_old_for=timedelta())},
    ],
    ids=["canary", "blue_green"],
)
async def test_a_whole_rollout_in_stages_counts_them(strategy: dict[str, Any]) -> None:
    """Also those of the failed version, which stay until the former one is healthy again."""
    destination = DummyDestination()
    for name, behaves, kind in (
        ("1", parts.GOOD, "deployed"),
        ("2", parts.GOOD, "deployed"),
        ("3", parts.CRASH, "rolled_back"),
    ):
        web = parts.deployment(image=f"web:{name}", behaves=behaves)
        web["spec"]["replicas"] = 4
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"run": "web"}, "ports": [{"port": 80}]},
        }
        counting = Counting()
        wish = deploy_request.DeployRequest(revision=parts.revision(name, web, service, **strategy), values={})
        done = await deployment.deploy(wish, destination, counting)
        assert done.outcome.verdict.kind == kind, done.outcome.verdict.reason
        if name != "1":
            assert counting.most[model.Phase.WATCH] >= 4
    assert counting.most[model.Phase.REVERT] >= 1
