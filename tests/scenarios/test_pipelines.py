"""Plays every scenario in pipelines/: a file, an event, the plan it must give and how runs of it must go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane.events.model import Event, EventKind
from sealane.pipelines import planning, reading, run_status, scheduling
from sealane.pipelines.model import Plan, StepStatus

SCENARIOS = sorted((Path(__file__).parent / "pipelines").glob("*.yaml"))


def scenario(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def event(given: dict[str, Any]) -> Event:
    values = {"kind": "push", "branch": "main", "trunk": "main"} | given
    paths = values.pop("paths", None)
    return Event(
        app="shop",
        received=datetime(2026, 1, 1, tzinfo=UTC),
        paths=None if paths is None else tuple(paths),
        **values | {"kind": EventKind(values["kind"])},
    )


def planned(told: dict[str, Any]) -> Plan:
    text = yaml.safe_dump({"app": "shop", **told["pipeline"]}, sort_keys=False)
    pipeline, findings = reading.read(text)
    assert pipeline, "\n".join(map(str, findings))
    return planning.plan(pipeline, event(told.get("event", {})))


def play(plan: Plan, ends: dict[str, str]) -> tuple[list[list[str]], dict[str, str], dict[str, StepStatus]]:
    """Runs a plan in waves: all that can start, starts together and ends before anything else is looked at."""
    statuses: dict[str, StepStatus] = {}
    reasons: dict[str, str] = {}
    waves: list[list[str]] = []
    while not scheduling.done(plan, statuses):
        left_out = scheduling.skipped(plan, statuses)
        reasons |= left_out
        statuses |= dict.fromkeys(left_out, StepStatus.SKIPPED)
        start = scheduling.next_steps(plan, statuses)
        assert start, f"stuck at {statuses}"
        waves.append([step.key for step in start])
        statuses |= {step.key: StepStatus(ends.get(step.key, "passed")) for step in start}
    left_out = scheduling.skipped(plan, statuses)
    return waves, reasons | left_out, statuses | dict.fromkeys(left_out, StepStatus.SKIPPED)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    """The plan is the one told, and each run goes as told."""
    told = scenario(path)
    plan = planned(told)

    as_told = {step.key: {"skip": step.skip} if step.skip else {"needs": list(step.needs)} for step in plan.steps}
    assert list(as_told.items()) == [(key, value or {"needs": []}) for key, value in told["plan"].items()]

    for run in told["runs"]:
        waves, reasons, statuses = play(plan, run.get("ends", {}))
        assert waves == run["waves"], run
        unplanned = {key: reason for key, reason in reasons.items() if plan.step(key).skip is None}
        assert unplanned == run.get("skipped", {}), run
        assert run_status.fold(statuses.values()) == run["run"], run


def test_there_are_scenarios() -> None:
    """A folder moved away would otherwise pass in silence."""
    assert len(SCENARIOS) >= 12
