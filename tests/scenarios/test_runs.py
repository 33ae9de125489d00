"""Plays every scenario in runs/: a pipeline on the runner that pretends, and how its run must end."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane import run_events
from sealane.events.model import Event, EventKind
from sealane.pipelines import planning, reading
from sealane.runners import pipeline_run
from sealane.runners.dummy import DummyRunner
from sealane.runners.model import RunContext, RunKey, RunResult, Workspace

SCENARIOS = sorted((Path(__file__).parent / "runs").glob("*.yaml"))
RUN = RunKey(value="scenario")


class Witness:
    """Keeps all that is told, and interrupts where the scenario says so."""

    def __init__(self, stop_after: str | None) -> None:
        self.told: list[run_events.RunEvent] = []
        self.logs: dict[str, bytes] = defaultdict(bytes)
        self.stop = asyncio.Event()
        self._stop_after = stop_after

    def __call__(self, signal: run_events.RunEvent) -> None:
        self.told.append(signal)
        match signal:
            case run_events.LogWritten():
                self.logs[signal.key] += signal.data
            case run_events.ServiceFailed():
                self.logs[f"service/{signal.service}"] += signal.log.encode()
            case run_events.StepStarted() if signal.key == self._stop_after:
                asyncio.get_running_loop().call_later(0.1, self.stop.set)
            case _:
                pass


def work(told: dict[str, Any], folder: Path) -> RunContext:
    pipeline = told["pipeline"]
    for part in (*pipeline.get("steps", ()), *pipeline.get("services", {}).values()):
        part.setdefault("image", "any")
    read, findings = reading.read(yaml.safe_dump({"app": "shop", **pipeline}, sort_keys=False))
    assert read, "\n".join(map(str, findings))
    event = Event(kind=EventKind.PUSH, app="shop", branch="main", received=datetime(2026, 1, 1, tzinfo=UTC))
    return RunContext(
        run=RUN,
        pipeline=read,
        plan=planning.plan(read, event),
        event=event,
        workspace=Workspace(folder=folder),
        secrets=told.get("secrets", {}),
    )


def starts(runner: DummyRunner, result: RunResult) -> Counter[str]:
    """Starts by step or service, attempts counted together."""
    known = {RUN.step(key, 1).removesuffix("-1"): key for key in result.steps} | {RUN.service("db"): "service/db"}
    counted: Counter[str] = Counter()
    for name, count in runner.starts().items():
        counted[known.get(name) or known[name.rpartition("-")[0]]] += count
    return counted


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_scenario(path: Path, tmp_path: Path) -> None:
    """The run and each of its steps end as told."""
    told = yaml.safe_load(path.read_text())
    runner = DummyRunner(tmp_path, grace=timedelta(seconds=1))
    witness = Witness(told.get("stop_after"))
    result = await pipeline_run.run_pipeline(work(told, tmp_path), runner, witness, stop=witness.stop)

    assert result.status.value == told["run"]
    assert list(result.steps) == list(told["steps"])
    for key, expected in told["steps"].items():
        status, reason = expected if isinstance(expected, list) else (expected, None)
        assert result.steps[key].status.value == status, key
        assert reason is None or reason in (result.steps[key].reason or ""), key
    for key, text in told.get("log", {}).items():
        assert text in witness.logs[key].decode()
    for text in told.get("never", ()):
        assert text not in f"{witness.logs}{result}"
    if "starts" in told:
        assert starts(runner, result) == Counter(told["starts"])
    assert not (tmp_path / RUN.value).exists()
    assert isinstance(witness.told[0], run_events.RunStarted)
    assert isinstance(witness.told[-1], run_events.RunEnded)
    ended = [told.key for told in witness.told if isinstance(told, run_events.StepEnded)]
    assert sorted(ended) == sorted(result.steps)
