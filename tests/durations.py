"""How long each tier and the longest files took, told at the end of a run of several."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import PurePosixPath
from typing import Final

import pytest

_FILES: Final = 20
_PROCESSOR: Final = "processor seconds"
_BEFORE: Final = pytest.StashKey[float]()


def _processor() -> float:
    """Processor seconds of this process and of children that it has waited for; forked servers are neither."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was used before the first test belongs to no file."""
    session.config.stash[_BEFORE] = _processor()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes what this part of a test used: all since the part before it."""
    report = yield
    now = _processor()
    report.user_properties.append((_PROCESSOR, now - item.config.stash.get(_BEFORE, now)))
    item.config.stash[_BEFORE] = now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a tier: its tests, and their seconds with fixtures, added up over all lanes. The same of files."""
    seconds: Counter[str] = Counter()
    processor: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                file = report.nodeid.partition("::")[0]
                used = sum(float(value) for name, value in report.user_properties if name == _PROCESSOR)
                for place in (tier_of(report.nodeid), file):
                    seconds[place] += report.duration
                    processor[place] += used
                    tests[place] += report.when == "call"
    tiers = [place for place, _ in seconds.most_common() if not place.endswith(".py")]
    files = [place for place, _ in seconds.most_common() if place.endswith(".py")]
    if len(tiers) < 2:
        return
    terminalreporter.section("durations by tier, added up over lanes, and what of it kept a lane's processor busy")
    for place in tiers:
        terminalreporter.write_line(
            f"{seconds[place]:8.1f} s {processor[place]:8.1f} s  {tests[place]:5} tests  {place}"
        )
    busiest = sorted(files, key=lambda file: -processor[file])
    for title, ordered in (("longest", files), ("busiest", busiest)):
        terminalreporter.section(f"{title} {_FILES} files")
        for place in ordered[:_FILES]:
            terminalreporter.write_line(f"{seconds[place]:8.1f} s {processor[place]:8.1f} s  {place}")


def tier_of(nodeid: str) -> str:
    """The folder below `tests` that a test lives in."""
    parts = PurePosixPath(nodeid.partition("::")[0]).parts
    return parts[1] if parts[0] == "tests" and len(parts) > 2 else parts[0]
