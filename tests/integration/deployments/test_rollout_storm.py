"""Rollouts judged through bad weather: an API server that is slow, busy and broken, and watches that don't last."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from sealane.clients.kubernetes import cluster as clusters
from testbed.record import Bed
from tests.integration.deployments import parts
from tests.storm import storm

CHOSEN = (
    "bad-command",
    "crash-at-once",
    "fine-every-kind",
    "fine-job",
    "fine-one-restart",
    "fine-slow-start",
    "image-wrong-tag",
    "key-missing",
)


async def test_bad_weather_changes_no_verdict(bed: Bed, admin: clusters.Cluster, tmp_path: Path) -> None:
    """Verdict, cause and whom it blames are those of fair weather: for broken changes as for slow but fine ones."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    scenarios = [scenario for scenario in parts.scenarios() if scenario.name in CHOSEN]
    assert len(scenarios) == len(CHOSEN)
    async with (
        storm(Path(bed.sealane_kubeconfig), tmp_path, seed=seed) as (kubeconfig, weather),
        clusters.Cluster.connect(kubeconfig) as cluster,
        asyncio.timeout(150),
    ):
        for played in await asyncio.gather(*(parts.play(scenario, bed, admin, cluster) for scenario in scenarios)):
            parts.check(played, in_order=False)
    assert {"429", "503", "slow", "cut", "410"} <= set(weather.seen), weather.seen
