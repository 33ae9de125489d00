"""What comes at a bad moment, and what is too large for an argument, ends as it should on every engine."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sealane.pipelines.model import StepStatus
from sealane.runners import outcomes
from tests.contracts.sides import Side

KINDS_OF_SIGNALS = """
import signal, subprocess, sys, time
code = "import signal, time\\ntry:\\n print('up', flush=True); time.sleep(60)\\nexcept KeyboardInterrupt:\\n print('asked', flush=True)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip())
child.send_signal(signal.SIGINT)
print(child.communicate(timeout=120)[0].strip())
print(signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL)
"""


async def test_a_test_runner_can_interrupt_what_it_started(side: Side, python_image: str) -> None:
    (side.folder / "interrupt.py").write_text(KINDS_OF_SIGNALS)
    result, said = await side.step("python3 interrupt.py", image=python_image)
    assert said.split() == [b"up", b"asked", b"True"]
    assert result.status is StepStatus.PASSED


@pytest.mark.parametrize("length", [64 * 1024, 200 * 1024, 1024 * 1024])
async def test_commands_of_any_length_run(side: Side, length: int) -> None:
    result, said = await side.step(f"word={'x' * length}\necho ${{#word}} $0 $#; exit 4")
    assert said.splitlines()[-1] == f"{length} sh 0".encode()
    assert result.exit_code == 4


async def test_time_that_is_up_at_once_is_no_fault_of_the_engine(side: Side) -> None:
    """However far the container is: created, being started, or just running."""
    spans = [1, 30, 90, 180, 350]
    results = await asyncio.gather(*(side.step("sleep 300", timeout=timedelta(milliseconds=span)) for span in spans))
    reasons = [f"took longer than {outcomes.span(timedelta(milliseconds=span))} and was ended" for span in spans]
    assert [(result.status, result.reason) for result, _ in results] == [
        (StepStatus.FAILED, reason) for reason in reasons
    ]


async def test_a_user_that_its_image_does_not_know_is_the_steps_own_failure(side: Side) -> None:
    result, _ = await side.step("id", user="nobody-knows")
    assert result.status is StepStatus.FAILED
    assert "has no user or group nobody-knows; take one of its /etc/passwd" in (result.reason or "")


class Held:
    """Holds a start back until it is let go, as a busy engine does."""

    def __init__(self, side: Side, patch: pytest.MonkeyPatch) -> None:
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()
        self._start = side.engine.start
        patch.setattr(side.engine, "start", self)

    async def __call__(self, name: str) -> None:
        self.reached.set()
        await self.let_go.wait()
        await self._start(name)


@pytest.mark.parametrize("how", ["interrupted", "out of time"])
async def test_what_ends_a_step_while_it_is_being_started_ends_it(
    side: Side, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(side, monkeypatch)
    timeout = timedelta(milliseconds=1 if how == "out of time" else 300_000)
    running = asyncio.create_task(side.step("sleep 300", timeout=timeout))
    await held.reached.wait()
    if how == "interrupted":
        running.cancel()
    asyncio.get_running_loop().call_later(0.2, held.let_go.set)
    async with asyncio.timeout(60):
        [outcome] = await asyncio.gather(running, return_exceptions=True)
    if isinstance(outcome, tuple):
        assert (how, outcome[0].status) == ("out of time", StepStatus.FAILED)
    else:
        assert how == "interrupted"
        assert isinstance(outcome, asyncio.CancelledError)


@pytest.mark.parametrize("moment", ["before its start", "while it runs"])
async def test_a_container_that_somebody_removes_breaks_its_step(
    side: Side, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(side, monkeypatch)
    running = asyncio.create_task(side.step("touch up; sleep 300"))
    await held.reached.wait()
    if moment == "while it runs":
        held.let_go.set()
        await side.left("up")
    [container] = await side.engine.containers(f"sealane.run={side.run}")
    await side.engine.remove(container)
    held.let_go.set()
    async with asyncio.timeout(60):
        result, _ = await running
    if result.exit_code is None:
        assert (result.status, result.reason) == (StepStatus.BROKEN, outcomes.REMOVED)
    else:  # it was still seen as killed, before it went
        assert (moment, result.exit_code) == ("while it runs", 137)


async def test_what_runs_beside_a_script_is_asked_to_end_as_well(side: Side) -> None:
    """Servers started in the background get to put their things in order."""
    command = "(trap 'sleep 0.3; echo tidied >tidied; exit' TERM; while :; do sleep 0.1; done) & touch up; wait"
    running = asyncio.create_task(side.step(command))
    await side.left("up")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (side.folder / "tidied").exists()
