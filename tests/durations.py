"""How long each tier took, told at the end of a run of several."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a tier: its tests, and their seconds with fixtures, added up over all lanes."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                tier = tier_of(report.nodeid)
                seconds[tier] += report.duration
                tests[tier] += report.when == "call"
    if len(seconds) < 2:
        return
    terminalreporter.section("durations by tier, added up over lanes")
    for tier, span in seconds.most_common():
        terminalreporter.write_line(f"{span:8.1f} s  {tests[tier]:5} tests  {tier}")


def tier_of(nodeid: str) -> str:
    """The folder below `tests` that a test lives in."""
    parts = PurePosixPath(nodeid.partition("::")[0]).parts
    return parts[1] if parts[0] == "tests" and len(parts) > 2 else parts[0]
