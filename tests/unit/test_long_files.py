"""The files that lanes take first are there: a name that was changed would be taken late again, and nobody would notice."""

from __future__ import annotations

from pathlib import Path

from tests.long_files import LONG

TESTS = Path(__file__).parents[1]


def test_files_that_take_long_are_there() -> None:
    assert sorted(name for name in LONG if not (TESTS / name).is_file()) == []
