"""A run whose file is invalid ends before it begins."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealane.clients import git
from sealane.errors import InvalidFiles
from sealane.runs import local_run


async def test_an_invalid_file_leaves_no_git_behind(tmp_path: Path) -> None:
    """Git reads the commit while the file is read, and has ended when the command does."""
    await git.run("init", "--quiet", str(tmp_path))
    (tmp_path / ".sealane.yml").write_text("app: [\n")
    with pytest.raises(InvalidFiles):
        await local_run.assemble(local_run.RunRequest(path=tmp_path), now=datetime(2026, 11, 30, tzinfo=UTC))
    assert asyncio.all_tasks() == {asyncio.current_task()}
