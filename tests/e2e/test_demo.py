"""The first example, all the way, as `make demo` plays it: on a real cluster, under load."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def play(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.demo", *words], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.fixture
def stage(bed: object) -> Iterator[None]:
    yield
    play("--down")


@pytest.mark.alone
@pytest.mark.timeout(960)
def test_the_demo_ends_with_no_request_lost(stage: None) -> None:
    """Pushed, deployed, approved, broken, rolled back, repaired: no request to dev or production fails; the control's do."""
    done = play()

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "dev rolled back" in done.stdout
    assert "answered 500" in done.stdout
    assert "The overview: http://127.0.0.1:8480/" in done.stdout
    assert play("--down").stdout == "the demo's server is ended\n"
