"""Plays every scenario in runs/ on the runner that pretends, by a command and on a server, and how its run must end."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane import clock, run_events
from sealane.blobs.logs import Logs
from sealane.errors import NotThere
from sealane.events.model import Event, EventKind
from sealane.journal import Journal
from sealane.pipelines import planning, reading
from sealane.pipelines.model import StepStatus
from sealane.records.views import RunView
from sealane.runners.dummy import DummyRunner
from sealane.runners.model import RunContext, RunKey, StepResult, StepSpec, Workspace
from sealane.runners.port import Output
from sealane.runs import local_images, local_memory
from sealane.runs.model import RunResult
from sealane.runs.port import Context
from sealane.runs.story import tell
from tests import crashing
from tests.integration.inside import Inside
from tests.recovery.shop import ADMIN

SCENARIOS = sorted((Path(__file__).parent / "runs").glob("*.yaml"))
RUN = RunKey(value="scenario")
TOLD = {path.stem: yaml.safe_load(path.read_text()) for path in SCENARIOS}


@dataclass(frozen=True, kw_only=True)
class Played:
    """How a run ended, whoever told it."""

    status: str
    steps: Mapping[str, tuple[str, str | None]]
    logs: Mapping[str, bytes]
    starts: Counter[str]
    left: bool
    """Whether something of it is still there."""


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
            case run_events.ServiceStarted() if f"service/{signal.service}" == self._stop_after:
                asyncio.get_running_loop().call_later(0.1, self.stop.set)
            case _:
                pass


def pipeline_of(told: dict[str, Any]) -> str:
    pipeline = told["pipeline"]
    for part in (*pipeline.get("steps", ()), *pipeline.get("services", {}).values()):
        part.setdefault("image", "busybox")
    return yaml.safe_dump({"app": "shop", **pipeline}, sort_keys=False)


def work(told: dict[str, Any], folder: Path) -> RunContext:
    read, findings = reading.read(pipeline_of(told))
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


def starts(run: RunKey, runner: DummyRunner, steps: Mapping[str, Any]) -> Counter[str]:
    """Starts by step or service, attempts counted together."""
    known = {run.step(key, 1).removesuffix("-1"): key for key in steps} | {run.service("db"): "service/db"}
    counted: Counter[str] = Counter()
    for name, count in runner.starts().items():
        if key := known.get(name) or known.get(name.rpartition("-")[0]):
            counted[key] += count
    return counted


async def by_a_command(told: dict[str, Any], folder: Path) -> Played:
    runner = DummyRunner(folder, grace=timedelta(seconds=1))
    witness = Witness(told.get("stop_after"))
    result = await local_memory.run(
        work(told, folder), runner, witness, stop=witness.stop, images=local_images.maker(""), at_once=4
    )
    assert isinstance(witness.told[0], run_events.RunStarted)
    assert isinstance(witness.told[-1], run_events.RunEnded)
    ended = [told.key for told in witness.told if isinstance(told, run_events.StepEnded)]
    assert sorted(ended) == sorted(result.steps)
    return Played(
        status=result.status.value,
        steps={key: (end.status.value, end.reason) for key, end in result.steps.items()},
        logs=witness.logs,
        starts=starts(RUN, runner, result.steps),
        left=(folder / RUN.value).exists(),
    )


async def on_a_server(stem: str, told: dict[str, Any], inside: Inside) -> Played:
    server, engine = inside.server, inside.shop.data / "dummies" / "engine"
    run = await inside.push_files(stem, {".sealane.yml": pipeline_of(told)})
    if key := told.get("stop_after"):
        if key.startswith("service/"):
            file = engine / run / f"{RunKey(value=run).service(key.partition('/')[2])}.json"
            await inside.until(lambda: asyncio.to_thread(file.exists), bool)
        else:
            await inside.until(lambda: server.views.run(run), lambda view: begun(view, key))
        await server.requests.cancel_run(run, by=ADMIN)
    view = await inside.until(lambda: server.views.run(run), lambda view: view.run.ended)
    await inside.until(lambda: asyncio.to_thread((engine / run).exists), lambda there: not there)
    steps = {step.key: (step.status.value, step.reason) for step in view.steps}
    kept = Logs(inside.shop.data / "logs")
    return Played(
        status=view.run.status.value,
        steps=steps,
        logs={key: log(kept, run, key) for key in (*steps, "service/db")},
        starts=starts(RunKey(value=run), DummyRunner(engine), steps),
        left=(engine / run).exists(),
    )


def begun(view: RunView, key: str) -> bool:
    return any(step.key == key and step.status is StepStatus.RUNNING for step in view.steps)


def log(kept: Logs, run: str, key: str) -> bytes:
    try:
        return kept.read(run, key, offset=0, limit=1_000_000)
    except NotThere:
        return b""


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """How a run on a server ended that may have one step at a time, and how many it had."""
    monkeypatch.setenv("SEALANE_RUNS__STEPS_AT_ONCE", "1")
    told = {"pipeline": {"steps": [{"name": f"s{number}", "needs": []} for number in range(3)]}}

    async def played() -> tuple[str, int]:
        inside = Inside(tmp_path)
        async with inside.knowing_the_shop():
            assert inside.server.settings.runs.steps_at_once == 1
            run = await inside.push_files("limited", {".sealane.yml": pipeline_of(told)})
            view = await inside.until(lambda: inside.server.views.run(run), lambda view: view.run.ended)
            times = [(step.started, step.ended) for step in view.steps if step.started and step.ended]
            return view.run.status.value, max(sum(a <= start < b for a, b in times) for start, _ in times)

    return asyncio.run(played())


@pytest.fixture(scope="module")
def on_server(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """All scenarios, played side by side on one server."""

    async def played() -> dict[str, Played]:
        inside = Inside(tmp_path_factory.mktemp("server"))
        async with inside.knowing_the_shop():
            pushed = [asyncio.create_task(on_a_server(stem, told, inside)) for stem, told in TOLD.items()]
            results = await asyncio.gather(*pushed, return_exceptions=True)
            return dict(zip(TOLD, results, strict=True))

    with pytest.MonkeyPatch.context() as patch:
        for told in TOLD.values():
            for name, value in told.get("secrets", {}).items():
                patch.setenv(f"SEALANE_SECRET_SHOP__{name}", value)
        return asyncio.run(played())


@pytest.mark.parametrize("stem", TOLD)
def test_by_a_command(stem: str, tmp_path: Path) -> None:
    """The run and each of its steps end as told."""
    compare(TOLD[stem], asyncio.run(by_a_command(TOLD[stem], tmp_path)))


@pytest.mark.parametrize("stem", TOLD)
def test_on_a_server(stem: str, on_server: dict[str, Played]) -> None:
    """As by a command."""
    compare(TOLD[stem], on_server[stem])


@pytest.mark.parametrize(
    "stem", ["02-a-step-fails", "07-failures-are-retried-where-asked", "12-a-graph", "16-a-service-dies-under-a-step"]
)
async def test_told_again_by_another_from_any_boundary(stem: str, tmp_path: Path) -> None:
    """It comes to the same, and no container is started twice."""
    expected = await by_a_command(TOLD[stem], tmp_path / "undisturbed")
    for at in itertools.count(1):
        runner = DummyRunner(tmp_path / str(at))
        asked = work(TOLD[stem], tmp_path)

        async def story(journal: Journal, runner: DummyRunner = runner, asked: RunContext = asked) -> RunResult:
            memory = local_memory.LocalMemory(asked, runner, run_events.nobody, asyncio.Event(), clock.now)
            context = Context(memory=memory, runner=runner, images=local_images.maker(""), at_once=4)
            return await tell(context, journal)

        result = await crashing.told(story, at=at)
        if result is None:
            break
        steps = {key: (end.status.value, end.reason) for key, end in result.steps.items()}
        assert (result.status.value, steps) == (expected.status, expected.steps), at
        assert starts(RUN, runner, steps) == expected.starts, at
    assert at > 3 * len(expected.steps)


class Counting(DummyRunner):
    """Knows how many steps ran at the same time."""

    now_running = most = 0

    async def run_step(self, run: RunKey, spec: StepSpec, output: Output) -> StepResult:
        self.now_running += 1
        self.most = max(self.most, self.now_running)
        try:
            return await super().run_step(run, spec, output)
        finally:
            self.now_running -= 1


@pytest.mark.parametrize("at_once", [1, 2])
async def test_no_more_steps_go_at_once_than_are_allowed(at_once: int, tmp_path: Path) -> None:
    steps = [{"name": f"s{number}", "needs": [], "environment": {"DUMMY_SLEEP": "0.05"}} for number in range(5)]
    asked = work({"pipeline": {"steps": steps}}, tmp_path)
    runner = Counting(tmp_path)
    images = local_images.maker("")
    result = await local_memory.run(
        asked, runner, run_events.nobody, stop=asyncio.Event(), images=images, at_once=at_once
    )
    assert (result.status.value, runner.most) == ("passed", at_once)


def test_a_server_limits_the_steps_that_go_at_once(limited: tuple[str, int]) -> None:
    """By SEALANE_RUNS__STEPS_AT_ONCE."""
    assert limited == ("passed", 1)


def compare(told: dict[str, Any], played: Played) -> None:
    assert not isinstance(played, BaseException), repr(played)
    assert {key: end[0] for key, end in played.steps.items()} == {
        key: status[0] if isinstance(status, list) else status for key, status in told["steps"].items()
    }
    assert played.status == told["run"]
    for key, expected in told["steps"].items():
        if isinstance(expected, list):
            assert expected[1] in (played.steps[key][1] or ""), key
    for key, text in told.get("log", {}).items():
        assert text in played.logs[key].decode()
    for text in told.get("never", ()):
        assert text not in f"{played}"
    if "starts" in told:
        assert played.starts == Counter(told["starts"])
    assert not played.left
