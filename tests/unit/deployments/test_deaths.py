"""Whoever tells a deployment's story may die at every boundary of every step: who takes over comes to the same end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sealane.deployments import hooks_and_gates, model, targets
from sealane.deployments.deploy import deploy
from sealane.deployments.process_memory import ProcessMemory
from sealane.deployments.steps.work import Context
from sealane.destinations.dummy.destination import DummyDestination
from sealane.formations.gates import Hook, Task, When
from sealane.formations.strategy import BlueGreen, CanaryStep
from sealane.journal import Journal, Plain
from sealane.stencils import platform
from tests.unit.deployments import parts
from tests.unit.deployments.crashing import Crashing
from tests.unit.gates.test_beside_rollouts import job

STRATEGIES: Mapping[str, Mapping[str, Any]] = {
    "rolling": {},
    "canary": {"kind": "canary", "steps": (CanaryStep(weight=50), CanaryStep(pause=timedelta(milliseconds=10)))},
    "blue-green": {"kind": "blue_green", "blue_green": BlueGreen(keep_old_for=timedelta())},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"run": "web"}, "ports": [{"port": 80}]},
}
HOOKS = (
    Hook(name="migrate", when=When.BEFORE, task=Task(image="web:1", command=("up",)), undo=("back",)),
    Hook(name="warm", when=When.AFTER, task=Task(image="web:1", command=("warm",))),
    Hook(name="page", when=When.FAILURE, task=Task(image="web:1", command=("page",))),
)


def beside() -> hooks_and_gates.HooksAndGates:
    """A hook of each time."""
    jobs = {platform.hook_key(hook.name): job(hook.name).object for hook in HOOKS}
    undo = {platform.undo_key("migrate"): job("undo-migrate").object}
    return hooks_and_gates.HooksAndGates(hooks=HOOKS, jobs={**jobs, **undo})


async def told(
    strategy: str, behaves: Mapping[str, str], journal: Crashing | None = None
) -> tuple[ProcessMemory, list[str]]:
    """A good version, and then one that behaves so; what is kept of it and every write."""
    destination, how = DummyDestination(), STRATEGIES[strategy]
    first = await parts.target(parts.revision("one", parts.deployment(), SERVICE, **how), destination)
    there = await parts.roll_out(destination, first)
    web = parts.deployment(image="web:2", behaves=behaves)
    second = await parts.target(parts.revision("two", web, SERVICE, parts.config("more"), **how), destination)
    survey = await targets.survey(destination, second, first)
    forward, back = targets.shaped(second, first, survey)
    plan = model.DeploymentPlan(target=forward, stored=there.inventory, previous=back)
    memory = ProcessMemory(plan=plan, destination=destination, beside=beside())

    async def story(over: Journal) -> model.Outcome:
        return await deploy(memory.start(survey), over, memory, Context())

    await (journal.through(lambda: story(journal)) if journal else story(Plain()))
    return memory, [f"{write.verb} {write.object}" for write in destination.journal()]


@pytest.mark.parametrize("behaves", [parts.GOOD, parts.CRASH], ids=["good", "bad"])
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_deaths_at_every_boundary_change_nothing(strategy: str, behaves: Mapping[str, str]) -> None:
    """Verdict, writes, evidence and hooks are those of a story that nobody disturbed."""
    undisturbed, writes = await told(strategy, behaves)
    journal = Crashing()
    disturbed, more = await told(strategy, behaves, journal)
    assert len(journal.died) == 3 * len(journal.kept) >= 18
    assert more == writes
    assert undisturbed.outcome is not None
    assert disturbed.outcome is not None
    assert disturbed.outcome.verdict.kind == undisturbed.outcome.verdict.kind
    names = [
        {(ref.kind, ref.name) for ref in ended.outcome.inventory or ()}
        for ended in (disturbed, undisturbed)
        if ended.outcome
    ]
    assert names[0] == names[1]
    assert disturbed.hooks == undisturbed.hooks
    assert (disturbed.report is None) == (undisturbed.report is None)
