"""What every runner keeps to, whatever it runs steps on."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sealane.clients.engine import discovery
from sealane.clients.engine.api import Engine
from sealane.pipelines.model import Healthcheck, StepStatus
from sealane.runners.docker import RUN, ContainerDefaults, DockerRunner
from sealane.runners.dummy import DummyRunner
from sealane.runners.model import RunKey, ServiceSpec, StepSpec, Workspace
from sealane.runners.port import Runner

GRACE = timedelta(seconds=1)


@dataclass
class House:
    """A runner, a second one as another process would have it, and a run prepared in both."""

    runner: Runner
    other: Runner
    run: RunKey
    image: str
    folder: Path
    engines: tuple[Engine, ...] = ()

    def step(self, name: str = "step/one", *, output: str = "", sleep: float = 0, **more: Any) -> StepSpec:
        """A step that does the same in a shell as the dummy pretends."""
        exit_code = more.pop("exit_code", 0)
        stubborn = more.pop("stubborn", False)
        commands = ["echo x >> starts"]
        commands += ["trap '' TERM"] * stubborn
        commands += [f"printf '%s' '{output}'"] * bool(output)
        commands += [
            f"end=$(($(date +%s)+{int(sleep)})); while [ $(date +%s) -lt $end ]; do sleep 0.1 || true; done"
        ] * stubborn
        commands += [f"sleep {sleep}"] * (bool(sleep) and not stubborn)
        commands += [f"exit {exit_code}"] * bool(exit_code)
        environment = {"DUMMY_OUTPUT": output, "DUMMY_SLEEP": str(sleep), "DUMMY_EXIT_CODE": str(exit_code)}
        environment |= {"DUMMY_STUBBORN": "1"} if stubborn else {}
        return StepSpec(key=name, image=self.image, commands=tuple(commands), environment=environment, **more)

    def starts(self) -> int:
        """How often steps of the run have begun."""
        if isinstance(self.runner, DummyRunner):
            return self.runner.starts().total()
        path = self.folder / "starts"
        return len(path.read_text().split()) if path.exists() else 0


@pytest.fixture(params=["podman", "docker", "dummy"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    run = RunKey(value=f"t-{secrets.token_hex(4)}")
    if request.param == "dummy":
        runners: list[Runner] = [DummyRunner(tmp_path / "dummy", grace=GRACE) for _ in range(2)]
        image = "pretended"
        engines = []
    else:
        socket = request.getfixturevalue("engine_socket" if request.param == "podman" else "docker_socket")
        image = request.getfixturevalue("busybox_image")
        engines = [await discovery.find({"DOCKER_HOST": f"unix://{socket}"}) for _ in range(2)]
        runners = [DockerRunner(engine, owner="a test", habits=ContainerDefaults(grace=GRACE)) for engine in engines]
    folder = tmp_path / "work"
    folder.mkdir()
    for runner in runners:
        await runner.prepare(run, Workspace(folder=folder))
    yield House(runner=runners[0], other=runners[1], run=run, image=image, folder=folder, engines=tuple(engines))
    await runners[0].destroy(run)
    for engine in engines:
        await engine.close()


async def until(condition: Any) -> None:
    async with asyncio.timeout(100):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


async def test_a_step_that_ends_with_0_passed_and_its_output_came_whole(house: House) -> None:
    printed = bytearray()
    result = await house.runner.run_step(house.run, house.step(output="hello"), printed.extend)
    assert (result.status, result.exit_code, result.reason) == (StepStatus.PASSED, 0, None)
    assert printed.startswith(b"+ echo x >> starts\n")
    assert printed.endswith(b"hello")
    assert result.started <= result.ended
    assert result.ended.tzinfo is not None


async def test_a_step_that_ends_with_another_code_failed_and_says_which(house: House) -> None:
    result = await house.runner.run_step(house.run, house.step(exit_code=3), lambda _: None)
    assert (result.status, result.exit_code, result.reason) == (StepStatus.FAILED, 3, "exit code 3")


async def test_a_step_run_again_after_its_end_gives_the_same_and_starts_nothing(house: House) -> None:
    """Who crashed before he could note the result asks again, as another process."""
    first, second = bytearray(), bytearray()
    spec = house.step(output="hello", exit_code=4)
    one = await house.runner.run_step(house.run, spec, first.extend)
    two = await house.other.run_step(house.run, spec, second.extend)
    assert first == second
    assert (one.status, one.exit_code, one.reason) == (two.status, two.exit_code, two.reason)
    assert house.starts() == 1


async def test_a_running_step_is_attached_to_and_its_output_comes_from_the_beginning(house: House) -> None:
    spec = house.step(output="hello", sleep=1.5)
    first, second = bytearray(), bytearray()
    running = asyncio.create_task(house.runner.run_step(house.run, spec, first.extend))
    await until(lambda: first.endswith((b"+ sleep 1.5\n", b"hello")))
    result = await house.other.run_step(house.run, spec, second.extend)
    assert result.status is StepStatus.PASSED
    assert (await running).status is StepStatus.PASSED
    assert first == second
    assert house.starts() == 1


async def test_each_attempt_is_started_by_itself(house: House) -> None:
    await house.runner.run_step(house.run, house.step(), lambda _: None)
    await house.runner.run_step(house.run, replace(house.step(), attempt=2), lambda _: None)
    assert house.starts() == 2


async def test_steps_of_a_run_may_run_at_the_same_time(house: House) -> None:
    """Each of two ends some seconds after it has seen the other."""

    def meeting(name: str, other: str) -> StepSpec:
        commands = (f"touch {name}", f"until [ -e {other} ]; do sleep 0.1; done", "sleep 3")
        return replace(house.step(f"step/{name}", sleep=3), commands=commands)

    steps = (meeting("one", "two"), meeting("two", "one"))
    done = await asyncio.gather(*(house.runner.run_step(house.run, step, lambda _: None) for step in steps))
    assert [result.status for result in done] == [StepStatus.PASSED] * 2
    assert max(result.started for result in done) < min(result.ended for result in done)


async def test_a_step_over_its_time_is_ended_and_failed(house: House) -> None:
    spec = house.step(sleep=1000, timeout=timedelta(seconds=1))
    result = await house.runner.run_step(house.run, spec, lambda _: None)
    assert result.status is StepStatus.FAILED
    assert result.reason == "took longer than 1s and was ended"


async def test_a_step_that_does_not_end_when_asked_is_killed_after_the_grace(house: House) -> None:
    spec = house.step(sleep=300, stubborn=True, timeout=timedelta(seconds=1))
    result = await house.runner.run_step(house.run, spec, lambda _: None)
    assert result.status is StepStatus.FAILED
    assert result.exit_code == 137
    assert result.ended - result.started >= GRACE


async def test_cancelling_the_waiting_task_ends_the_step(house: House) -> None:
    printed = bytearray()
    spec = house.step(output="on", sleep=300)
    running = asyncio.create_task(house.runner.run_step(house.run, spec, printed.extend))
    await until(lambda: printed.endswith((b"+ sleep 300\n", b"on")))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(100):
        again = await house.other.run_step(house.run, spec, lambda _: None)
    assert again.exit_code == 143
    assert house.starts() == 1


async def test_killing_a_run_ends_even_what_would_not_end(house: House) -> None:
    printed = bytearray()
    spec = house.step(output="on", sleep=300, stubborn=True)
    running = asyncio.create_task(house.runner.run_step(house.run, spec, printed.extend))
    await until(lambda: b"date" in printed)
    await house.other.kill(house.run)
    async with asyncio.timeout(100):
        assert (await running).exit_code == 137


async def test_destroying_twice_is_fine_and_so_is_destroying_what_never_was(house: House) -> None:
    await house.runner.run_step(house.run, house.step(), lambda _: None)
    await house.runner.destroy(house.run)
    await house.runner.destroy(house.run)
    await house.runner.destroy(RunKey(value="never-was"))


async def test_a_destroyed_run_can_be_run_again(house: House) -> None:
    await house.runner.run_step(house.run, house.step(), lambda _: None)
    await house.runner.destroy(house.run)
    await house.runner.prepare(house.run, Workspace(folder=house.folder))
    result = await house.runner.run_step(house.run, house.step(), lambda _: None)
    assert result.status is StepStatus.PASSED
    assert house.starts() == 2


def service(house: House, command: str, **environment: str) -> ServiceSpec:
    return ServiceSpec(
        name="db",
        image=house.image,
        command=("/bin/sh", "-c", command),
        environment=environment,
        healthcheck=Healthcheck(test=("CMD-SHELL", "test -e /ready"), interval=timedelta(milliseconds=100)),
        ready_within=timedelta(seconds=120),
    )


async def test_a_service_is_waited_for_until_it_is_healthy(house: House) -> None:
    spec = service(house, "sleep 1; touch /ready; sleep 100", DUMMY_SLEEP="1")
    began = time.monotonic()
    assert await house.runner.start_service(house.run, spec) is None
    assert await house.other.start_service(house.run, spec) is None
    health = await house.other.await_healthy(house.run, spec)
    assert health.healthy
    assert time.monotonic() - began >= 1
    assert await house.runner.ended_early(house.run, spec) is None


async def test_workflows_of_a_run_have_networks_of_their_own_and_go_with_it(house: House) -> None:
    """Both have a service of one name, and each reaches its own."""
    keys = [replace(house.run, workflow=name) for name in ("one", "two")]
    for key in keys:
        networks = [await house.runner.prepare(key, Workspace(folder=house.folder)) for _ in range(2)]
        assert networks[0] == networks[1]
        serve = f"echo {key.workflow} > /tmp/index.html; touch /ready; httpd -f -h /tmp"
        spec = replace(service(house, serve), name=f"{key.workflow}.db", host="db")
        assert await house.runner.start_service(key, spec) is None
        assert (await house.runner.await_healthy(key, spec)).healthy
    for key in keys:
        step = house.step(f"step/{key.workflow}.ask", output=key.workflow)
        printed = bytearray()
        asking = replace(step, commands=("wget -q -O - http://db",))
        assert (await house.runner.run_step(key, asking, printed.extend)).status is StepStatus.PASSED
        assert printed.decode().split()[-1] == key.workflow
    await house.other.destroy(keys[0])
    assert await house.runner.ended_early(keys[1], replace(service(house, ""), name="two.db")) is None
    await house.other.destroy(house.run)
    assert [network for engine in house.engines for network in await engine.networks(f"{RUN}={house.run}")] == []


async def test_a_service_that_ends_is_not_waited_for_and_shows_its_log(house: House) -> None:
    spec = service(house, "echo no such role; exit 2", DUMMY_EXIT_CODE="2", DUMMY_OUTPUT="no such role\n")
    spec = replace(spec, ready_within=timedelta(seconds=1000))
    assert await house.runner.start_service(house.run, spec) is None
    health = await house.runner.await_healthy(house.run, spec)
    assert not health.healthy
    assert health.reason == "it ended: exit code 2"
    assert health.log == b"no such role\n"
    assert await house.runner.ended_early(house.run, spec) == health


async def test_a_service_that_never_becomes_healthy_has_its_time_and_shows_its_log(house: House) -> None:
    spec = service(house, "echo starting; sleep 100", DUMMY_UNHEALTHY="1", DUMMY_SLEEP="100", DUMMY_OUTPUT="starting\n")
    spec = replace(spec, ready_within=timedelta(seconds=1))
    assert await house.runner.start_service(house.run, spec) is None
    health = await house.runner.await_healthy(house.run, spec)
    assert not health.healthy
    assert health.reason is not None
    assert health.reason.startswith("not healthy within 1s")
    assert health.log == b"starting\n"
