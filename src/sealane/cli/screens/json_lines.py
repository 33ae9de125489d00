"""A run as JSON: one document per line for each event, the last one a summary; messages go to stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from sealane import run_events
from sealane.cli import output
from sealane.runs.local_run import LocalRun
from sealane.runs.model import RunResult


class JsonScreen:
    """Prints every event as it comes."""

    @contextmanager
    def shown(self, assembled: LocalRun) -> Iterator[None]:
        """Draws nothing; prints warnings as messages."""
        output.findings(assembled.warnings, to_stderr=True)
        yield

    def tell(self, signal: run_events.RunEvent) -> None:
        """`event` is the event's name; printed output is text in `data`."""
        document: dict[str, Any] = {"event": type(signal).__name__}
        if isinstance(signal, run_events.LogWritten):
            text = signal.data.decode(errors="replace")
            document |= {"run": signal.run, "key": signal.key, "attempt": signal.attempt, "data": text}
        else:
            document |= msgspec.to_builtins(signal)
            document.pop("cases", None)  # there may be thousands of passed tests; the report has the failed ones
        _line(document)

    def say(self, text: str) -> None:
        """Prints a message to stderr."""
        output.say(text)

    def conclude(self, result: RunResult, exit_code: int) -> None:
        """The summary: the run's status, each step's, and the exit code."""
        steps = [{"key": key, **msgspec.to_builtins(end)} for key, end in result.steps.items()]
        _line(
            {
                "event": "summary",
                "status": result.status.value,
                "exit_code": exit_code,
                "leftovers": result.leftovers,
                "steps": steps,
            }
        )


def _line(document: dict[str, Any]) -> None:
    output.data(msgspec.json.encode(document).decode())
