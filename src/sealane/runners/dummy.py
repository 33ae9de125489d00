"""The adapter that pretends: its steps take time and end as their environment says, without an engine.

    DUMMY_EXIT_CODE=1     the step ends with that code; a service ends before it is healthy
    DUMMY_SLEEP=0.5       it takes that many seconds; a service takes them to become healthy
    DUMMY_OUTPUT=text     it prints that, a step its secrets, too, where it says `$(NAME)` or `$(NAME|base64)`
    DUMMY_OOM=1           it runs out of memory
    DUMMY_BROKEN=2        the engine breaks under its first two attempts
    DUMMY_UNHEALTHY=1     the service never becomes healthy
    DUMMY_DIES=7          the service becomes healthy, and ends with that code afterwards
    DUMMY_REPORT=<xml>    a step leaves that in the workspace, as report.xml
    DUMMY_STUBBORN=1      it ignores being asked to end, and is killed after the grace

Started steps are noted in files, so that another process finds them as it would find containers: still running, or ended
on time. For tests, demonstrations and dry runs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from sealane import clock, pretended
from sealane.clients.engine.model import ContainerState, Phase
from sealane.pipelines.model import StepStatus
from sealane.runners import outcomes, scripts
from sealane.runners.image_builds import EngineBuilder
from sealane.runners.model import RunKey, ServiceHealth, ServiceSpec, StepResult, StepSpec, Workspace
from sealane.runners.port import EngineAdapter, EngineContext, OpenEngine, Output, Runner

_PAUSE = 0.01


class DummyRunner(Runner):
    """Pretends to run steps; keeps what it started below `folder`."""

    def __init__(self, folder: Path, *, grace: timedelta = timedelta(seconds=10), now: clock.Clock = clock.now) -> None:
        self._folder = folder
        self._grace = grace
        self._now = now
        self._workspaces: dict[RunKey, Workspace] = {}

    def starts(self) -> Counter[str]:
        """How often each container was ever started, by name; includes destroyed runs."""
        journal = self._folder / "journal"
        return Counter(journal.read_text().split()) if journal.exists() else Counter()

    @override
    async def prepare(self, run: RunKey, workspace: Workspace) -> tuple[str, ...]:
        """Makes the run's folder; its containers have no addresses."""
        self._workspaces[run] = workspace
        (self._folder / run.value).mkdir(parents=True, exist_ok=True)
        return ()

    @override
    async def start_service(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """Notes that the service was started."""
        self._start(run, run.service(service.name), service.environment, kind="service")
        return None

    @override
    async def await_healthy(self, run: RunKey, service: ServiceSpec) -> ServiceHealth:
        """Waits as long as the service's environment says."""
        state = self._read(run, run.service(service.name))
        until = min(_time(state["started"]) + timedelta(seconds=state["sleep"]), self._now() + service.ready_within)
        await _true(lambda: self._now() >= until)
        if early := _early(state, state["exit_code"]):
            return early
        if state["unhealthy"]:
            reason = f"not healthy within {outcomes.span(service.ready_within)}"
            return ServiceHealth(healthy=False, reason=reason, log=state["output"].encode())
        return ServiceHealth(healthy=True)

    @override
    async def ended_early(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """Whether the service ends early, according to its environment."""
        state = self._read(run, run.service(service.name))
        return _early(state, state["exit_code"] or state["dies"])

    @override
    async def run_step(self, run: RunKey, spec: StepSpec, output: Output) -> StepResult:
        """Waits, prints and ends as the step's environment says."""
        begun = self._now()
        name = run.step(spec.key, spec.attempt)
        if spec.attempt <= int(spec.environment.get("DUMMY_BROKEN", "0")):
            return StepResult(status=StepStatus.BROKEN, reason="the dummy engine broke", started=begun, ended=begun)
        if self._start(run, name, {**spec.environment, **spec.secrets}, kind="step"):
            self._leave_report(run, spec)
        recorded = self._read(run, name)
        for line in spec.commands:
            output(f"{scripts.shown_command(line)}\n".encode())
        output(pretended.said(recorded["output"], spec.secrets).encode())
        due = _time(recorded["started"]) + spec.timeout
        try:
            timed_out = await self._until_ended(run, name, due)
        except asyncio.CancelledError:
            await self._asked_to_end(run, name)
            raise
        state = self._state(self._read(run, name))
        context = outcomes.ExitContext(timed_out=spec.timeout if timed_out else None)
        return outcomes.result(state, context, begun=begun, now=self._now())

    @override
    async def kill(self, run: RunKey) -> None:
        """Ends everything of the run now."""
        for path in (self._folder / run.value).glob("*.json"):
            self._kill(run, path.stem, code=137)

    @override
    async def destroy(self, run: RunKey) -> None:
        """Forgets the run, but not how often its steps were started."""
        if not run.workflow:
            shutil.rmtree(self._folder / run.value, ignore_errors=True)

    def _start(self, run: RunKey, name: str, state: Mapping[str, str], *, kind: str) -> bool:
        """Notes a start once, and returns whether this call did; creating the file decides who was first."""
        path = self._folder / run.value / f"{name}.json"
        note = {
            "kind": kind,
            "started": self._now().isoformat(),
            "sleep": float(state.get("DUMMY_SLEEP", "0")),
            "exit_code": 137 if state.get("DUMMY_OOM") else int(state.get("DUMMY_EXIT_CODE", "0")),
            "oom": bool(state.get("DUMMY_OOM")),
            "output": state.get("DUMMY_OUTPUT", ""),
            "dies": int(state.get("DUMMY_DIES", "0")),
            "unhealthy": bool(state.get("DUMMY_UNHEALTHY")),
            "stubborn": bool(state.get("DUMMY_STUBBORN")),
            "killed": None,
        }
        if path.exists():
            return False
        _write(path, note)
        with (self._folder / "journal").open("a") as journal:
            journal.write(f"{name}\n")
        return True

    def _leave_report(self, run: RunKey, spec: StepSpec) -> None:
        folder, text = self._workspaces[run].folder, spec.environment.get("DUMMY_REPORT")
        if folder and text:
            (folder / "report.xml").write_text(text)

    async def _until_ended(self, run: RunKey, name: str, due: datetime) -> bool:
        """Waits for the end; True when it was forced because the time was up."""
        await _true(lambda: self._has_ended(run, name) or self._now() >= due)
        if self._has_ended(run, name):
            return False
        await self._asked_to_end(run, name)
        return True

    async def _asked_to_end(self, run: RunKey, name: str) -> None:
        state = self._read(run, name)
        if state["kind"] != "step":
            return
        until = self._now() + self._grace
        if state["stubborn"]:
            await _true(lambda: self._has_ended(run, name) or self._now() >= until)
        self._kill(run, name, code=137 if state["stubborn"] else 143)

    def _kill(self, run: RunKey, name: str, *, code: int) -> None:
        state = self._read(run, name)
        if state["kind"] == "step" and self._state(state).phase is not Phase.ENDED:
            state |= {"killed": self._now().isoformat(), "exit_code": code, "oom": False}
            _write(self._folder / run.value / f"{name}.json", state)

    def _has_ended(self, run: RunKey, name: str) -> bool:
        return self._state(self._read(run, name)).phase is Phase.ENDED

    def _state(self, state: Mapping[str, Any]) -> ContainerState:
        started = _time(state["started"])
        ended = _time(state["killed"]) if state["killed"] else started + timedelta(seconds=state["sleep"])
        if self._now() < ended:
            return ContainerState(phase=Phase.RUNNING, started=started)
        return ContainerState(
            phase=Phase.ENDED,
            exit_code=state["exit_code"],
            out_of_memory=state["oom"],
            started=started,
            ended=ended,
        )

    def _read(self, run: RunKey, name: str) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self._folder / run.value / f"{name}.json").read_text())
        return state


def _early(state: Mapping[str, Any], code: int) -> ServiceHealth | None:
    if not code:
        return None
    words = outcomes.exit_words(ContainerState(phase=Phase.ENDED, exit_code=code))
    return ServiceHealth(healthy=False, reason=f"it ended: {words}", log=state["output"].encode())


async def _true(condition: Callable[[], bool]) -> None:
    while True:
        if condition():
            return
        await asyncio.sleep(_PAUSE)


def _write(path: Path, note: Mapping[str, Any]) -> None:
    """Writes the file as a whole or not at all, even when killed in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(json.dumps(note))
    half.replace(path)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def _open(context: EngineContext) -> OpenEngine:
    logging.getLogger(__name__).warning("steps only pretend to run: SEALANE_ENGINE__KIND is dummy")
    return OpenEngine(runner=DummyRunner(context.state / "engine"), builder=EngineBuilder(""))


ADAPTER = EngineAdapter(open=_open)
