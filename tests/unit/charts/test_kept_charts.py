"""Archives of charts that are kept: whole or not at all, and nothing else stays in their folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealane.clients.chart_repositories import ChartRepositories

DIGEST = "sha256:" + "a" * 64


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    """Once it is old: a young one may still be written by another process."""
    for name, at in (("part-old", 0.0), ("part-new", None)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "archive").write_bytes(b"half")
        if at is not None:
            os.utime(tmp_path / name, (at, at))
    kept = ChartRepositories(folder=tmp_path)
    kept._keep(DIGEST, None, b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"part-new", f"{'a' * 64}.tgz"}
    assert kept._kept(DIGEST, None) == b"whole"


def test_an_archive_that_cant_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as on a full disk."""

    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        ChartRepositories(folder=tmp_path)._keep(DIGEST, None, b"whole")
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_removes_meanwhile_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own folder, or an archive too many."""

    def listed(folder: Path, pattern: str) -> Iterator[Path]:
        return iter([folder / pattern.replace("*", "gone")])

    kept = ChartRepositories(folder=tmp_path)
    monkeypatch.setattr(Path, "glob", listed)
    kept._keep(DIGEST, None, b"whole")
    assert kept._kept(DIGEST, None) == b"whole"
