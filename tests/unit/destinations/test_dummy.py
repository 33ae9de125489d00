"""The destination that pretends: behaves as told, and is found again after a kill."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sealane import clock, errors
from sealane.destinations import model
from sealane.destinations.dummy import destination as dummy
from sealane.destinations.dummy import state as states
from sealane.verdicts import model as verdicts

WHO = model.Identity(app="shop", formation="dev", namespace="shop", revision="r")
START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def workload(kind: str = "Deployment", *, replicas: int = 2, **told: str) -> dict[str, Any]:
    container = {"name": "app", "image": "app:1", "env": [{"name": f"DUMMY_{k}", "value": v} for k, v in told.items()]}
    spec: dict[str, Any] = {"template": {"spec": {"containers": [container]}}}
    if kind == "Deployment":
        spec["replicas"] = replicas
    group = "batch/v1" if kind == "Job" else "apps/v1"
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "web"}, "spec": spec}


class Stage:
    """A destination whose time is moved by hand."""

    def __init__(self) -> None:
        self.clock = clock.SetClock(START)
        self.destination = dummy.DummyDestination(now=self.clock)

    async def apply(self, *objects: dict[str, Any]) -> model.Applied:
        return await self.destination.apply(objects, identity=WHO, fence=model.unfenced)

    async def see(self, after: float, *objects: dict[str, Any]) -> verdicts.Observation:
        self.clock.advance(timedelta(seconds=after))
        refs = await self.destination.refs(objects, namespace="shop")
        return await anext(self.destination.observe(WHO, refs))


async def test_it_is_ready_after_the_time_it_is_told() -> None:
    stage, web = Stage(), workload(READY_AFTER="2")
    await stage.apply(web)
    early = await stage.see(1.9, web)
    assert (early.workloads[0].health, early.workloads[0].ready) == (verdicts.Health.CONVERGING, 0)
    late = await stage.see(0.2, web)
    assert (late.workloads[0].health, late.workloads[0].ready) == (verdicts.Health.READY, 2)
    assert late.workloads[0].ready_since == START + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"NO_IMAGE": "1"}, verdicts.FactKind.IMAGE_MISSING),
        ({"UNSCHEDULABLE": "1"}, verdicts.FactKind.UNSCHEDULABLE),
        ({"NEVER_READY": "1"}, verdicts.FactKind.PROBE_FAILING),
        ({"EXIT_CODE": "3"}, verdicts.FactKind.ENDED),
        ({"OOM": "1"}, verdicts.FactKind.OUT_OF_MEMORY),
    ],
)
async def test_it_fails_as_it_is_told_while_the_old_version_stays(
    told: dict[str, str], kind: verdicts.FactKind
) -> None:
    stage, bad = Stage(), workload(**told)
    await stage.apply(workload())
    await stage.see(1, workload())
    await stage.apply(bad)
    seen = await stage.see(5, bad)
    assert {fact.kind for fact in seen.facts} == {kind}
    assert (seen.workloads[0].ready, seen.workloads[0].old) == (0, 2)
    assert {(instance.desired, instance.ready) for instance in seen.instances} == {(True, False), (False, True)}


async def test_a_job_ends_well_or_fails() -> None:
    stage, good = Stage(), workload("Job")
    await stage.apply(good)
    seen = await stage.see(1, good)
    assert (seen.workloads[0].health, seen.workloads[0].settled) == (verdicts.Health.READY, True)
    stage, bad = Stage(), workload("Job", EXIT_CODE="1")
    await stage.apply(bad)
    seen = await stage.see(1, bad)
    assert seen.workloads[0].health is verdicts.Health.FAILED
    assert seen.facts[0].detail == {"exit_code": "1"}


async def test_it_says_no_to_what_is_told_so() -> None:
    refused = workload()
    refused["metadata"]["annotations"] = {"dummy.sealane.dev/refuse": "not on a Friday"}
    applied = await Stage().apply(refused)
    assert [refusal.message for refusal in applied.refusals] == ["not on a Friday"]


async def test_it_is_away_as_often_as_it_is_told() -> None:
    stage, web = Stage(), workload()
    web["metadata"]["annotations"] = {"dummy.sealane.dev/away": "2"}
    for _ in range(2):
        with pytest.raises(errors.Unavailable):
            await stage.apply(web)
    assert len((await stage.apply(web)).changed) == 1


def _apply_and_die(path: str, after: int) -> None:
    """Applies three objects in another process, which is killed in the middle of a write."""
    import asyncio

    writes = [0]

    async def fence() -> None:
        writes[0] += 1
        if writes[0] > after:
            os.kill(os.getpid(), signal.SIGKILL)

    objects = [named("one"), named("two"), named("three")]
    destination = dummy.DummyDestination(states.State(Path(path)))
    asyncio.run(destination.apply(objects, identity=WHO, fence=fence))


def named(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {}}


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_a_killed_process_finds_what_it_wrote(tmp_path: Path, after: int) -> None:
    path = tmp_path / "state.json"
    _in_another_process(_apply_and_die, str(path), after)
    again = dummy.DummyDestination(states.State(path))
    applied = await again.apply([named("one"), named("two"), named("three")], identity=WHO, fence=model.unfenced)
    assert len(applied.changed) == 3 - after
    assert [(entry.verb, entry.generation) for entry in again.journal()] == [("create", 1)] * 3


def _in_another_process(target: Callable[..., None], *arguments: Any) -> None:
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    state = states.State(tmp_path / "state.json")
    with state.write() as content:
        content.next()
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
