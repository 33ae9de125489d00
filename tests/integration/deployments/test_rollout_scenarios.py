"""Every scenario on a real cluster, beside a healthy twin: verdict, cause, blamed object and container."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from sealane.clients.kubernetes import cluster as clusters
from testbed.record import Bed
from tests.integration.deployments import outside, parts

pytestmark = pytest.mark.timeout(900)  # the first that asks waits for all of them

AT_ONCE = 8
SCENARIOS = {scenario.name: scenario for scenario in parts.scenarios()}


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, bed: Bed) -> Mapping[str, parts.Played | BaseException]:
    """All scenarios that this session has selected, played at the same time."""
    ours = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    selected = {item.callspec.params.get("scenario") for item in ours}
    return asyncio.run(_play([scenario for name, scenario in SCENARIOS.items() if name in selected], bed))


async def _play(chosen: list[parts.Scenario], bed: Bed) -> dict[str, parts.Played | BaseException]:
    slots = asyncio.Semaphore(AT_ONCE)
    async with (
        clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as admin,
        clusters.Cluster.connect(Path(bed.sealane_kubeconfig)) as cluster,
        outside.everything(bed.registry) as words,
    ):

        async def one(scenario: parts.Scenario) -> parts.Played:
            async with slots, asyncio.timeout(180):
                return await parts.play(scenario, bed, admin, cluster, **words)

        done = await asyncio.gather(*(one(scenario) for scenario in chosen), return_exceptions=True)
    return {scenario.name: result for scenario, result in zip(chosen, done, strict=True)}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_says_what_the_scenario_expects(scenario: str, played: Mapping[str, parts.Played | BaseException]) -> None:
    """The verdict, its cause and whom it blames are the scenario's; the twin and the containers beside it are not blamed."""
    result = played[scenario]
    if isinstance(result, BaseException):
        raise result
    parts.check(result)
