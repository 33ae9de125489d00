"""What a release tool's variables say is checked before anything is asked for, and before a formation of it is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sealane.cli.local import release_formation
from sealane.cli.local.release_formation import ReleaseWords
from sealane.clients.chart_repositories import ChartRepositories
from sealane.errors import InvalidFiles

WORDS = ReleaseWords(name="web", namespace="shop", chart="chart")


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (replace(WORDS, name="../../x"), "formation"),
        (replace(WORDS, name="web\nnamespace: other"), "formation"),
        (replace(WORDS, name="--post-renderer"), "formation"),
        (replace(WORDS, namespace="x\x1b]0;y\a"), "namespace"),
        (replace(WORDS, environment="a b"), "environment"),
        (replace(WORDS, patience="1s\nx: y"), "patience"),
    ],
)
async def test_words_that_are_no_formation_are_refused(tmp_path: Path, words: ReleaseWords, about: str) -> None:
    with pytest.raises(InvalidFiles) as refused:
        await release_formation.resolve(words, tmp_path, ChartRepositories(), app="web")
    assert all(finding.message.startswith(about) or about == "formation" for finding in refused.value.findings)


async def test_what_is_shown_can_be_committed(tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    made = await release_formation.resolve(replace(WORDS, patience="20m"), tmp_path, ChartRepositories(), app="web")
    assert "namespace: shop" in made.text
