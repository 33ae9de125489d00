"""Migrations are one line: each follows one other, so that every database goes the same way."""

from __future__ import annotations

from pathlib import Path

from alembic.script import ScriptDirectory

from sealane.store import migration

FOLDER = Path(migration.__file__).with_name("migrations")


def test_each_follows_the_one_before() -> None:
    """By the number in its file's name, which no other has."""
    script = ScriptDirectory(str(FOLDER))
    files = sorted(path.name for path in (FOLDER / "versions").glob("[0-9]*.py"))
    numbers = [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [name[:4] for name in files] == numbers
    assert migration.newest() == script.get_current_head()
    revisions = [script.get_revision(number) for number in numbers]
    assert [revision.down_revision if revision else "missing" for revision in revisions] == [None, *numbers[:-1]]
