"""How a run is shown: drawn live, told in lines, or as JSON."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sealane import run_events
    from sealane.runs.local_run import LocalRun
    from sealane.runs.model import RunResult


class Screen(Protocol):
    """Shows one run from its beginning to its end."""

    def shown(self, assembled: LocalRun) -> AbstractContextManager[None]:
        """While the run goes on."""

    def tell(self, signal: run_events.RunEvent) -> None:
        """One more fact of the run."""

    def say(self, text: str) -> None:
        """A word beside the run."""

    def conclude(self, result: RunResult, exit_code: int) -> None:
        """After the run."""


def screen(*, as_json: bool, live: bool) -> Screen:
    """The one that was asked for; drawing needs a terminal that can."""
    if as_json:
        from sealane.cli.screens.json_lines import JsonScreen

        return JsonScreen()
    if live and _can_draw():
        from sealane.cli.screens.run_live import LiveScreen

        return LiveScreen()
    from sealane.cli.screens.run_lines import PlainScreen

    return PlainScreen()


def _can_draw() -> bool:
    import os

    return sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
