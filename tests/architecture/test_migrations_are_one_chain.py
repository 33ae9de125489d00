"""Migrations are one chain, numbered in its order: two that are written at the same time must not share a number."""

from __future__ import annotations

import re
from pathlib import Path

from sealane.store import migrations

VERSIONS = Path(migrations.__file__).parent / "versions"


def test_each_migration_follows_the_one_before_it() -> None:
    before: str | None = None
    for number, file in enumerate(sorted(VERSIONS.glob("[0-9]*.py")), start=1):
        said = dict(re.findall(r'^(revision|down_revision)(?:: [^=]+)? = "?(\w+)"?$', file.read_text(), re.MULTILINE))
        assert said["revision"] == file.name.partition("_")[0] == f"{number:04d}", file.name
        assert said.get("down_revision", "None") == (before or "None"), file.name
        before = said["revision"]
