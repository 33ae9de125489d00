"""The definitions stand on the docs page as they stand on the server's."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane.insights import words
from sealane.records.filters import Figure

PAGE = Path(__file__).parents[3] / "docs" / "insights.md"


@pytest.mark.parametrize("figure", Figure)
def test_a_definition_is_told_alike(figure: Figure) -> None:
    told = " ".join(PAGE.read_text().split())
    assert f"**{words.TITLES[figure]}**: {words.DEFINITIONS[figure]}" in told


@pytest.mark.parametrize("title", words.MORE)
def test_so_is_one_of_the_lower_half(title: str) -> None:
    assert f"**{title}**: {words.MORE[title]}" in " ".join(PAGE.read_text().split())
