"""Stages without a server, on a destination that pretends: interrupted anywhere, nothing of a strategy is ever left over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import model
from sealane.destinations.dummy.destination import DummyDestination
from sealane.formations.strategy import BlueGreen, CanaryStep
from sealane.stencils.model import Revision
from tests.properties import share
from tests.unit.deployments import parts

STRATEGIES: dict[str, dict[str, Any]] = {
    "blue_green": {"kind": "blue_green", "blue_green": BlueGreen(keep_old_for=timedelta())},
    "canary": {"kind": "canary", "steps": (CanaryStep(weight=25), CanaryStep(weight=75))},
    "rolling": {"kind": "rolling"},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"run": "web"}, "ports": [{"port": 80}]},
}


class Stopping(rollout_lines.Json):
    """Interrupts the command when it comes to its so many-th line."""

    def __init__(self, after: int | None = None) -> None:
        super().__init__()
        self.lines = 0
        self._after = after

    def tell(self, told: model.Progress) -> None:
        """Counts, and interrupts."""
        super().tell(told)
        self.lines += 1
        task = asyncio.current_task()
        if self.lines == self._after and task is not None:
            task.cancel()


def version(name: str, strategy: str, *, behaves: Mapping[str, str] = parts.GOOD) -> Revision:
    """A version of four instances behind a Service."""
    web = parts.deployment(image=f"web:{name}", behaves=behaves)
    web["spec"]["replicas"] = 4
    return parts.revision(name, web, SERVICE, **STRATEGIES[strategy])


async def there(destination: DummyDestination) -> dict[str, str]:
    """Name of each Deployment to its image."""
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")
    deployments = [
        manifest for manifest in await destination.read(ledger.inventory) if manifest["kind"] == "Deployment"
    ]
    written = {
        line.object for line in destination.journal() if line.object.startswith("Deployment") and line.verb != "delete"
    }
    gone = {line.object for line in destination.journal() if line.verb == "delete"}
    assert {f"Deployment shop/{manifest['metadata']['name']}" for manifest in deployments} >= written - gone
    assert {manifest["spec"]["replicas"] for manifest in deployments} == {4}
    return {
        manifest["metadata"]["name"]: manifest["spec"]["template"]["spec"]["containers"][0]["image"]
        for manifest in deployments
    }


async def deploy(destination: DummyDestination, revision: Revision, stopping: Stopping | None = None) -> str | None:
    """The verdict; None when it was interrupted."""
    wish = deploy_request.DeployRequest(revision=revision, values={})
    task = asyncio.create_task(deployment.deploy(wish, destination, stopping or Stopping()))
    try:
        return (await task).outcome.verdict.kind.value
    except asyncio.CancelledError:
        return None


@pytest.mark.parametrize("strategy", ["blue_green", "canary"])
async def test_nothing_is_written_when_the_last_stage_would_be_refused(strategy: str) -> None:
    """The destination is asked about all of it before the first stage."""
    destination = DummyDestination()
    await deploy(destination, version("1", strategy))
    before = destination.journal()
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"dummy.sealane.dev/refuse": "no such host"}},
    }
    second = version("2", strategy)
    more = parts.revision("more", *(item.object for item in second.objects), ingress, **STRATEGIES[strategy])
    ended = await deployment.deploy(deploy_request.DeployRequest(revision=more, values={}), destination, Stopping())
    assert ended.outcome.verdict.kind == "failed"
    assert "no such host" in ended.outcome.verdict.reason
    assert "nothing was written" in ended.outcome.verdict.reason
    assert destination.journal() == before


@pytest.mark.parametrize(
    ("strategy", "later"),
    [("blue_green", "blue_green"), ("blue_green", "rolling"), ("canary", "canary"), ("canary", "blue_green")],
)
async def test_whatever_was_interrupted_the_next_deployment_leaves_only_its_own(strategy: str, later: str) -> None:
    """Stopped at each line of its story; then another version comes, by the same strategy or another one."""
    lines = Stopping()
    counted = DummyDestination()
    await deploy(counted, version("1", strategy))
    await deploy(counted, version("2", strategy), lines)
    assert lines.lines > 5

    async def stopped(after: int) -> None:
        destination = DummyDestination()
        await deploy(destination, version("1", strategy))
        await deploy(destination, version("2", strategy), Stopping(after))
        assert await deploy(destination, version("3", later)) == "deployed"
        left = await there(destination)
        assert list(left.values()) == ["web:3"], (after, left)
        assert next(iter(left)) in ({"web-blue", "web-green"} if later == "blue_green" else {"web"})

    moments = share(range(1, lines.lines), of=f"{strategy} {later}")
    await asyncio.gather(*(stopped(after) for after in moments))


@pytest.mark.parametrize("strategy", ["blue_green", "canary"])
async def test_whatever_was_interrupted_a_failure_is_rolled_back_to_what_was_verified(strategy: str) -> None:
    """Also the colour or canary that an interrupted command had left is gone then."""

    async def stopped(after: int) -> None:
        destination = DummyDestination()
        await deploy(destination, version("1", strategy))
        await deploy(destination, version("2", strategy), Stopping(after))
        bad = version("3", strategy, behaves=parts.CRASH)
        assert await deploy(destination, bad) in {"rolled_back", "failed"}
        left = await there(destination)
        assert len(left) == 1, (after, left)
        assert set(left.values()) <= {"web:1", "web:2"}

    await asyncio.gather(*(stopped(after) for after in range(1, 8)))
