"""kill -9 of the relay and of the server at seeded moments of deployments that go through it, on a real cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.record import Bed

from .disturbing import Place
from .relay_kills import disturb


@pytest.mark.timeout(600)
def test_kills_of_either_side_lose_nothing_and_repeat_nothing(
    bed: Bed, kubeconfig: Path, namespace: str, tmp_path: Path
) -> None:
    """A good version and a bad one; `python -m tests.recovery.chaos relay` kills more often."""
    place = Place(bed=bed, namespace=namespace, kubeconfig=kubeconfig, folder=tmp_path)
    seen = disturb(place, kills=4, kills_a_turn=2, seed=3, tell=print)
    assert seen.wrong() == []
