"""Fixtures of the tests that run pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import runs


@pytest.fixture
def here(tmp_path: Path, engine_socket: str, busybox_image: str) -> Iterator[runs.Folder]:
    """A folder to run in, whose runs must have left nothing in the engine."""
    folder = runs.folder(tmp_path, engine_socket, busybox_image)
    yield folder
    assert folder.traces() == []
