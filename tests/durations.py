"""How long each tier and the longest files took, told at the end of a run of several."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import Final

import pytest

_FILES: Final = 15


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a tier: its tests, and their seconds with fixtures, added up over all lanes. The same of files."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                tier = tier_of(report.nodeid)
                seconds[tier] += report.duration
                tests[tier] += report.when == "call"
                files[report.nodeid.partition("::")[0]] += report.duration
    if len(seconds) < 2:
        return
    terminalreporter.section("durations by tier, added up over lanes")
    for tier, span in seconds.most_common():
        terminalreporter.write_line(f"{span:8.1f} s  {tests[tier]:5} tests  {tier}")
    terminalreporter.section(f"longest {_FILES} files")
    for name, span in files.most_common(_FILES):
        terminalreporter.write_line(f"{span:8.1f} s  {name}")


def tier_of(nodeid: str) -> str:
    """The folder below `tests` that a test lives in."""
    parts = PurePosixPath(nodeid.partition("::")[0]).parts
    return parts[1] if parts[0] == "tests" and len(parts) > 2 else parts[0]
