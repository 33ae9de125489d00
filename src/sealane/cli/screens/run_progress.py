"""The progress of a run, computed from its events, for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sealane import run_events
from sealane.pipelines.model import Kind, PlannedStep, StepStatus
from sealane.reports.model import Report


@dataclass(kw_only=True, slots=True)
class Row:
    """One line of the view: a service or a planned step."""

    key: str
    name: str
    status: StepStatus = StepStatus.WAITING
    word: str = "waiting"
    """Its state for people; a healthy service is no passed step."""
    reason: str = ""
    attempt: int = 1
    started: datetime | None = None
    ended: datetime | None = None
    report: Report | None = None
    """The test report of its last attempt."""

    def seconds(self, now: datetime) -> float | None:
        """How long it took, or has taken so far; None before it begins."""
        return ((self.ended or now) - self.started).total_seconds() if self.started else None


@dataclass(slots=True)
class Progress:
    """All rows, services first."""

    rows: dict[str, Row] = field(default_factory=dict)
    started: datetime | None = None
    ended: datetime | None = None

    def tell(self, signal: run_events.RunEvent) -> None:
        """Takes in one event."""
        match signal:
            case run_events.RunStarted():
                self.started = signal.at
                self.rows |= {step.key: Row(key=step.key, name=name(step)) for step in signal.steps}
            case run_events.ServiceStarted():
                self._service(signal.service).started = signal.at
            case run_events.ServiceHealthy():
                row = self._service(signal.service)
                row.status, row.word, row.ended = StepStatus.PASSED, "healthy", signal.at
            case run_events.ServiceFailed():
                row = self._service(signal.service)
                row.status, row.word, row.ended = StepStatus.FAILED, "failed", row.ended or signal.at
                row.reason = signal.reason
            case run_events.StepStarted():
                row = self.rows[signal.key]
                row.status, row.word, row.attempt = StepStatus.RUNNING, "running", signal.attempt
                row.started = row.started or signal.at
                row.reason = f"attempt {signal.attempt}" if signal.attempt > 1 else ""
                row.report = None
            case run_events.ReportsRead():
                self.rows[signal.key].report = signal.report
            case run_events.StepRetried():
                self.rows[signal.key].reason = f"{signal.reason}; trying again"
            case run_events.StepEnded():
                row = self.rows[signal.key]
                row.status, row.word, row.ended = signal.status, signal.status.value, signal.at
                row.reason = signal.reason or ""
            case run_events.RunEnded():
                self.ended = signal.at
            case _:
                pass

    def label(self, key: str) -> str:
        """The beginning of this key's log lines."""
        return self.rows[key].name if key in self.rows else key.rpartition("/")[2]

    def _service(self, service: str) -> Row:
        key = f"service/{service}"
        if key not in self.rows:
            row = Row(key=key, name=service, status=StepStatus.RUNNING, word="starting")
            services = {name: row for name, row in self.rows.items() if name.startswith("service/")}
            steps = {name: row for name, row in self.rows.items() if name not in services}
            self.rows = {**services, key: row, **steps}
        return self.rows[key]


def name(step: PlannedStep) -> str:
    """A planned step's name for people: a step's own name; for others, the name with its kind."""
    return step.name if step.kind is Kind.STEP else f"{step.kind} {step.name}"


def count(rows: Iterable[Row]) -> str:
    """Rows in a few words: "3 passed, 1 failed, 2 skipped"."""
    counted: dict[str, int] = {}
    for row in rows:
        counted[row.word] = counted.get(row.word, 0) + 1
    return ", ".join(f"{number} {word}" for word, number in counted.items())


def span(seconds: float) -> str:
    """A duration in at most five characters: 0.4s, 12.3s, 4m05s, 1h02m."""
    if seconds < 59.95:
        return f"{max(0.0, seconds):.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"
