"""Shows what failed as soon as it fails: a run that is cut off before its end has told everything up to there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest


@dataclass(frozen=True, slots=True)
class FailureWriter:
    """Writes each failure's whole report to the terminal."""

    terminal: pytest.TerminalReporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each part of each test, in the process that all lanes report to."""
        if report.failed:
            self.terminal.ensure_newline()
            self.terminal.write_sep("_", f"{report.when} of {report.nodeid}", red=True)
            report.toterminal(self.terminal._tw)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Lanes have no terminal of their own to write to."""
    if not hasattr(session.config, "workerinput"):
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        session.config.pluginmanager.register(FailureWriter(cast(pytest.TerminalReporter, reporter)))
