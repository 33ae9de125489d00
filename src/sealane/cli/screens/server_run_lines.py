"""A run on a server as plain lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sealane import clock
from sealane.cli import output
from sealane.cli.screens import rollout_lines, run_progress

if TYPE_CHECKING:
    from sealane.cli.screens.rollout_messages import Wait


class Lines:
    """Plain lines to stderr: each step when it begins and ends, each deployment's events after its formation's name."""

    def __init__(self) -> None:
        self.heading = ""
        self.started: datetime | None = None
        self.steps: list[dict[str, Any]] = []
        self.waits: tuple[Wait, ...] = ()
        self._said: dict[str, str] = {}

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Nothing is drawn."""
        yield

    def deployment(self, formation: str) -> rollout_lines.Lines:
        """The screen of one of its deployments."""
        return rollout_lines.Lines(label=formation)

    def tell(self, view: dict[str, Any], waits: tuple[Wait, ...]) -> None:
        """Takes in the current state."""
        run = view["run"]
        begun = datetime.fromisoformat(run["started"] or run["created"])
        if not self.heading:
            self.started, self.heading = begun, heading(run)
            self.opened()
        self.started, self.steps = begun, view["steps"]
        new = waits if waits != self.waits else ()
        self.waits = waits
        self.changed(new)

    def opened(self) -> None:
        """The run is known."""
        output.say(self.heading, "bold")

    def changed(self, waits: tuple[Wait, ...]) -> None:
        """Prints what is new."""
        for wait in waits:
            self._say(f"waits for {wait.what} ({wait.who})", "yellow")
        for step in self.steps:
            word = _word(step)
            if word != self._said.get(step["key"], "waiting"):
                self._said[step["key"]] = word
                styles = ("red",) if step["status"] in {"failed", "broken"} else ()
                self._say(f"{name(step)}: {word}", *styles, at=step["ended"] or step["started"])

    def _say(self, text: str, *styles: str, at: str | None = None) -> None:
        """Prints a line with when it happened, which may be long ago; without that, it happens now."""
        happened = datetime.fromisoformat(at) if at else clock.now()
        seconds = (happened - self.started).total_seconds() if self.started else 0.0
        output.say(f"{run_progress.span(seconds):>6}  {text}", *styles)


def heading(run: dict[str, Any]) -> str:
    """The run, its commit, and the commit's subject."""
    event = run["event"]
    commit = (event["commit"] or "")[:7]
    subject = str(event["message"] or "").partition("\n")[0]
    return "  ".join(filter(None, (f"{run['app']} #{run['sequence']}", commit, subject)))


def name(step: dict[str, Any]) -> str:
    """A step's name for people: a step's own name; for others, the name with its kind."""
    return str(step["name"]) if step["kind"] == "step" else f"{step['kind']} {step['name']}"


def _word(step: dict[str, Any]) -> str:
    if step["status"] == "passed" and step["kind"] == "deliver":
        return "asked for"  # its deployment shows the result
    reason = f": {step['reason']}" if step["reason"] else ""
    return f"{step['status']}{reason}"
