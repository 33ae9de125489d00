"""The page of metrics names exactly what there is, with its tags."""

from __future__ import annotations

import re
from pathlib import Path

from sealane.metrics import catalog, platform
from sealane.records.waits import Waits
from sealane.server import latencies

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Cells of the section's first table."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def test_what_happened_stands_there_as_it_is_measured() -> None:
    told = [
        [f"`{definition.name}`", f"`{definition.family}`", quoted(definition.labels), definition.help]
        for definition in catalog.DEFINITIONS.values()
    ]
    assert rows("What happened") == told


def test_what_a_deployment_waits_for_stands_there_as_its_spans_are_called() -> None:
    said = PAGE.partition("each thing that it waited for from when to when (")[2].partition(")")[0]
    of_runs = {Waits.ROOM, Waits.WORKER}
    assert set(said.split(", ")) == {f"`{kind}`" for kind in set(Waits) - of_runs}


def test_how_the_platform_fares_stands_there_as_it_is_shown() -> None:
    told = [[f"`{series.name}`", quoted(series.labels), series.help] for series in platform.SERIES]
    requests = [f"`{latencies.NAME}`", quoted(("method", "route", "code")), latencies.HELP]
    told_rows = rows("How the platform fares")
    assert told_rows[1:-2] == told
    assert told_rows[-2] == requests
