"""`python -m bench`: our speeds beside a peer's in the same run, as a table or, with `--json`, as one document.

Needs the test bed (`make bench` starts it). Nothing here is asserted: the figures are for people to judge.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import cluster, figures, machine, peers
from bench.demo import places
from bench.figures import Row

ROWS = ("commands", "steps", "beginning", "failing", "verdicts", "healthy", "webhook", "lists", "insights")


def main() -> int:
    """Measures every row, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Our speeds beside a peer's in the same run.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these of {', '.join(ROWS)}")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    wanted = asked.rows or ROWS
    if unknown := sorted(set(wanted) - set(ROWS)):
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    here = cluster.bed()
    described = machine.describe(here)
    found: list[Row] = []
    broken: list[str] = []
    for name in wanted:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            found += importlib.import_module(f"bench.rows.{name}").measure(here)
        except (places.Broke, TimeoutError) as error:
            broken.append(name)
            print(f"{name} could not be measured: {error}", file=sys.stderr)
    described |= {"load_at_the_end": round(os.getloadavg()[0], 1)}
    if asked.json:
        rows = [row.plain() for row in found]
        print(json.dumps({"machine": described, "rows": rows, "not_measured": broken}, indent=2))
    else:
        _show(described, found)
    return 1 if broken else 0


def _show(described: dict[str, Any], rows: list[Row]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    console.print(machine.words(described))
    table = Table("Work", "Ours", "Peer", "Theirs", "Ratio", "Wanted")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    console.print("Medians; in brackets the fastest and the slowest sample.")
    if stored := peers.newest():
        console.print(f"Figures with a day are stored: {machine.words(stored.machine)}.")


def _cells(row: Row) -> tuple[str, ...]:
    if row.theirs:
        theirs = _spread(row.theirs) + (f" ({row.measured})" if row.measured else "")
    else:
        theirs = "not measured" if row.peer else ""
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}" if row.ratio < 0.1 else f"{row.ratio:.2f}"
    if row.wanted_seconds is not None:
        wanted = f"≤ {_seconds(row.wanted_seconds)}"
    else:
        wanted = "" if row.wanted_ratio is None else f"≤ {row.wanted_ratio:g}"
    return row.work, _spread(row.ours), row.peer, theirs, ratio, wanted


def _spread(samples: tuple[float, ...]) -> str:
    middle = _seconds(figures.median(samples))
    return middle if len(samples) == 1 else f"{middle} \\[{_seconds(min(samples))} - {_seconds(max(samples))}]"


def _seconds(span: float) -> str:
    return f"{span * 1000:.0f} ms" if abs(span) < 1 else f"{span:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
