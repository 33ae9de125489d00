"""kill -9 at ten random moments, with a real engine and a real cluster; the API server's audit log is the witness."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from testbed.record import Bed

from .disturbing import Place, disturb

KILLS = 10


@pytest.mark.timeout(600)
async def test_ten_kills_at_random_moments_change_nothing(
    bed: Bed, kubeconfig: Path, namespace: str, tmp_path: Path
) -> None:
    """Runs and rollouts go on; no repeated write raises a generation, no Job runs twice, no step starts twice."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    place = Place(bed=bed, namespace=namespace, kubeconfig=kubeconfig, folder=tmp_path)
    seen = await disturb(place, kills=KILLS, seed=seed, tell=print)
    assert seen.wrong() == []
