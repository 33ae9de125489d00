"""How a run is shown: drawn live, told in lines, or as JSON."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sealane import signals
    from sealane.runners.assembling import Assembled
    from sealane.runners.model import RunResult


class Screen(Protocol):
    """Shows one run from its beginning to its end."""

    def shown(self, assembled: Assembled) -> AbstractContextManager[None]:
        """While the run goes on."""

    def tell(self, signal: signals.Signal) -> None:
        """One more fact of the run."""

    def say(self, text: str) -> None:
        """A word beside the run."""

    def conclude(self, result: RunResult, exit_code: int) -> None:
        """After the run."""


def screen(*, as_json: bool, live: bool) -> Screen:
    """The one that was asked for; drawing needs a terminal that can."""
    if as_json:
        from sealane.cli.jsonlines import JsonScreen

        return JsonScreen()
    if live and _can_draw():
        from sealane.cli.live import LiveScreen

        return LiveScreen()
    from sealane.cli.plainly import PlainScreen

    return PlainScreen()


def _can_draw() -> bool:
    import os

    return sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
