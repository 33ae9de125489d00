"""What failed in one stage counts in all that come after it, and after gates and hooks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.deployments import apply_phase, hooks_and_gates, model, targets, watch_phase
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.formations import gates
from sealane.formations.gates import Hook, Task, When
from sealane.formations.strategy import BlueGreen, CanaryStep
from sealane.verdicts import evaluate, stability, thresholds
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import Rules
from tests import rollouts
from tests.unit.deployments import parts
from tests.unit.deployments.test_strategies import service

START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
RUNS = {"DUMMY_RUNS": "0.45"}
"""Up and ready at once, and it ends after a while: each stage alone is over before anybody sees that."""
PAUSE = CanaryStep(pause=timedelta(seconds=0.6))
STRATEGIES: dict[str, dict[str, Any]] = {
    "canary": {"kind": "canary", "steps": (CanaryStep(weight=25), PAUSE)},
    "canary of many steps": {
        "kind": "canary",
        "steps": (CanaryStep(weight=10), PAUSE, CanaryStep(weight=50), CanaryStep(weight=90)),
    },
}


async def rolled(
    strategy: Mapping[str, Any], behaves: Mapping[str, str], own: hooks_and_gates.HooksAndGates | None = None
) -> Any:
    """A good version, and then one that behaves so; gives the outcome and the Deployments that were written then."""
    destination = DummyDestination()
    first = await parts.target(
        parts.revision("one", parts.deployment(image="web:1"), service(), **strategy), destination
    )
    there = await parts.roll_out(destination, first)
    web = parts.deployment(image="web:2", behaves=behaves)
    second = await parts.target(parts.revision("two", web, service(), **strategy), destination)
    forward, back = targets.shaped(second, first, await targets.survey(destination, second, first))
    before = len(destination.journal())
    plan = model.DeploymentPlan(target=forward, stored=there.inventory, previous=back)
    outcome = await rollouts.roll_out(plan, destination, beside=own or hooks_and_gates.HooksAndGates())
    return outcome, [write.object for write in destination.journal()[before:]]


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_canary_that_crashed_is_not_promoted(strategy: str) -> None:
    """It ended in the pause and was back at once; it has to outlive that before the verdict, and does not."""
    outcome, written = await rolled(STRATEGIES[strategy], RUNS)
    assert outcome.verdict.kind == "rolled_back", outcome.verdict.reason
    assert outcome.verdict.cause.workload == "Deployment/web-canary"
    assert outcome.verdict.cause.reason == "ended"
    assert "Deployment shop/web" not in written


async def test_a_good_canary_counts_for_no_workload_of_its_own() -> None:
    """It is watched until it goes; the verdict tells of what stays."""
    outcome, _ = await rolled(STRATEGIES["canary"], parts.GOOD)
    assert outcome.verdict.reason == "1 workload is ready."


def slow_job(name: str) -> dict[str, Any]:
    """A Job that takes longer than a container that ends runs."""
    container = {"name": name, "image": "job:1", "env": [{"name": "DUMMY_READY_AFTER", "value": "0.6"}]}
    metadata = {"name": name, "namespace": "shop"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


@pytest.mark.parametrize("behaves", [RUNS, parts.GOOD], ids=["ends", "stays"])
@pytest.mark.parametrize("what", ["gate", "hook"])
async def test_what_fails_while_a_gate_or_a_hook_runs_fails(what: str, behaves: Mapping[str, str]) -> None:
    """It was healthy before, and is not any more when they are done: blue-green has not switched then."""
    hook = Hook(name="slow", when=When.AFTER, task=Task())
    gate = gates.job("slow", Task())
    own = hooks_and_gates.HooksAndGates(
        hooks=(hook,) if what == "hook" else (),
        gates=(gate,) if what == "gate" else (),
        jobs={f"{what} slow": slow_job("slow")},
    )
    blue_green = {"kind": "blue_green", "blue_green": BlueGreen()}
    outcome, written = await rolled(blue_green if what == "gate" else {}, behaves, own)
    if behaves is parts.GOOD:
        assert outcome.verdict.kind == "deployed", outcome.verdict.reason
        return
    assert outcome.verdict.kind == "rolled_back", outcome.verdict.reason
    assert outcome.verdict.cause.reason == "ended"
    assert what == "hook" or "Service shop/web" not in written


def ended(*, after: float, now: float, times: int = 1, kind: verdicts.FactKind = verdicts.FactKind.ENDED) -> Any:
    """A container that ran that long, ended, and is ready again: what it comes to, and when it is looked at again."""
    last = START + timedelta(seconds=after)
    ready = last + timedelta(seconds=1)
    fact = verdicts.Fact(
        kind=kind, object="Pod/a", workload="Deployment/web", container="web", since=last, created=START, run=START,
        last=last, times=times,
    )  # fmt: skip
    instance = verdicts.Instance(
        object="Pod/a", workload="Deployment/web", desired=True, terminating=False, ready=True, ready_since=ready,
        created=START, state="ready",
    )  # fmt: skip
    workload = verdicts.Workload(
        object="Deployment/web", health=verdicts.Health.READY, desired=1, updated=1, ready=1, old=0, ready_since=ready,
        message="1 of 1 pod ready",
    )  # fmt: skip
    at = START + timedelta(seconds=now)
    seen = verdicts.Observation(at=at, workloads=(workload,), instances=(instance,), facts=(fact,))
    stage = Rules(
        started=at - timedelta(seconds=1), since=START, healthy_for=timedelta(), patience=timedelta(seconds=40)
    )
    return evaluate.judge(seen, stage, now=at)


@pytest.mark.parametrize(
    ("after", "healthy"),
    [(0.5, 1.5 + 10 + 1), (8, 8 + 1 + 12 + 1), (30, 30 + 1 + 35 + 1), (90, 90 + 1 + 40 + 1)],
)
def test_a_container_that_ended_has_to_outlive_that(after: float, healthy: float) -> None:
    """Half as long again as the run that ended, 5 s more at most, 10 s at least, no longer than patience; whatever `healthy_for` is."""
    assert ended(after=after, now=healthy - 0.1).state == "progressing"
    assert ended(after=after, now=healthy).state == "healthy"


@pytest.mark.parametrize("kind", [kind for kind in thresholds._BY_ENDS if kind is not verdicts.FactKind.INIT_ENDED])
def test_ends_of_earlier_stages_are_decisive_with_the_next(kind: verdicts.FactKind) -> None:
    """Both ends came long before the stage that is judged; a stage of its own does not know them."""
    assert ended(after=20, now=300, times=2, kind=kind).state == "failed"
    fact = verdicts.Fact(
        kind=kind, object="Pod/a", workload="Deployment/web", since=START, created=START, last=START, run=START, times=2
    )
    rules = Rules(started=START + timedelta(minutes=5))
    assert thresholds.terminations(fact, rules) == 0
    assert thresholds.terminations(fact, replace(rules, since=START)) == 2


async def test_what_the_guard_saw_goes_from_watcher_to_watcher() -> None:
    """Through stages, and to one that takes over from what was kept last: it judges like the first."""
    destination = DummyDestination()
    web = parts.deployment(behaves={"DUMMY_RUNS": "0.3"})
    wanted = await parts.target(parts.revision("one", web, healthy_for=timedelta(seconds=30)), destination)
    _, begun = await apply_phase.apply(destination, wanted, fence=destinations.unfenced)
    kept: list[stability.Stability] = []
    first = asyncio.create_task(
        watch_phase.watch(
            destination,
            wanted,
            begun=begun,
            by=watch_phase.WatchContext(notes=watch_phase.WatchNotes(keep=kept.append)),
        )
    )
    async with asyncio.timeout(10):
        while not kept or not any(fall.restarted for fall in kept[-1].falls.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    first.cancel()
    notes = watch_phase.WatchNotes(kept[-1])
    again = asyncio.create_task(
        watch_phase.watch(
            destination,
            wanted,
            begun=apply_phase.watched_on(begun, at=begun.at),
            by=watch_phase.WatchContext(notes=notes),
        )
    )
    await asyncio.wait([first, again], return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    assert sum(fall.restarted for fall in notes.steadiness.falls.values()) >= 1


def test_a_stage_watches_on_what_an_earlier_one_made() -> None:
    """And counts from when the first one began."""
    canary, web = (
        destinations.ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name=name)
        for name in ("web-canary", "web")
    )
    first = model.Begun(inventory=(canary,), at=START, watched=(canary,))
    last = model.Begun(inventory=(web,), at=START + timedelta(minutes=1), watched=(web,))
    both = apply_phase.after(first, last)
    assert (both.watched, both.since, both.at) == ((web, canary), START, last.at)
    pause = apply_phase.watched_on(first, at=last.at, pause=timedelta(seconds=5))
    assert (pause.since, pause.at, pause.watched) == (START, last.at, (canary,))
