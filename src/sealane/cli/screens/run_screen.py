"""The screens of a run: drawn live, in lines, or as JSON."""

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
        """Active during the run."""

    def tell(self, signal: run_events.RunEvent) -> None:
        """Takes in one event of the run."""

    def say(self, text: str) -> None:
        """Shows a message."""

    def conclude(self, result: RunResult, exit_code: int) -> None:
        """Called after the run."""


def screen(*, as_json: bool, live: bool) -> Screen:
    """The requested screen; drawing needs a capable terminal."""
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
