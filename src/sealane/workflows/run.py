"""The story of a run: a commit is checked, its steps run, its images are built, and its release goes on its way.

Steps that may run side by side have positions drawn beforehand, so a worker that takes over finds what each came to.
Deployments are workflows of their own: this one ends when they are offered, and waits for nobody's approval.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from dbos import DBOS

from sealane.pipelines import scheduling
from sealane.pipelines.model import Kind, Outcome, Plan, PlannedStep, StepStatus
from sealane.workflows import context
from sealane.workflows.durable import Body, Broken, Reserved, step
from sealane.workflows.steps import containers, images, releases, run_end, run_start

Ends = dict[str, dict[str, Any]]
"""What came of each planned step, by its key: `status`, `reason`, `exit_code`."""

_BODIES: dict[Kind, Body] = {
    Kind.STEP: containers.run_step,
    Kind.IMAGE: images.make,
    Kind.RETAG: images.make,
}


@DBOS.workflow(name="delivery", max_recovery_attempts=None)
async def delivery(run_id: str) -> None:
    """Takes a run from its commit to its deployments."""
    ends: Ends = {}
    broken = None
    try:
        begun = await step("begin", run_start.begin, run_id)
        if "plan" in begun:
            plan = msgspec.convert(begun["plan"], Plan)
            reserved = Reserved(planned.key for planned in plan.steps)
            await _work(run_id, plan, reserved, ends)
            await _deliver(run_id, plan, reserved, ends)
    except Broken as error:
        broken = error.message
    await step("finish", run_end.finish, run_id, ends, broken)


async def _work(run_id: str, plan: Plan, reserved: Reserved, ends: Ends) -> None:
    """Services, steps and images, side by side where the plan allows it."""
    if any(planned.kind is Kind.STEP and not planned.skip for planned in plan.steps):
        trouble = await step("services", containers.start_services, run_id)
        if trouble:
            for planned in _next(plan, ends):
                if planned.kind is Kind.STEP and Outcome.SUCCESS in planned.on:
                    ends[planned.key] = trouble
    doing: dict[asyncio.Task[dict[str, Any]], str] = {}
    at_once = context.current().settings.runs.steps_at_once
    while True:
        for planned in _next(plan, ends):
            if planned.kind in _BODIES and planned.key not in doing.values() and len(doing) < at_once:
                task = asyncio.create_task(_do(reserved, planned, _BODIES[planned.kind], run_id))
                doing[task] = planned.key
        if not doing:
            return
        done, _ = await asyncio.wait(doing, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            ends[doing.pop(task)] = task.result()


async def _deliver(run_id: str, plan: Plan, reserved: Reserved, ends: Ends) -> None:
    """The release, offered to one formation after the other; each comes after the one before it."""
    if any(end["status"] != StepStatus.PASSED for end in ends.values()):
        return
    if any(planned.kind is not Kind.STEP and not planned.skip for planned in plan.steps):
        await step("release", releases.release, run_id)
    offered: dict[str, str] = {}
    while following := [planned for planned in _next(plan, ends) if planned.kind is Kind.DELIVER]:
        planned = following[0]
        after = [deployment for key, deployment in offered.items() if key not in planned.beside]
        ends[planned.key] = await _do(reserved, planned, releases.offer, run_id, after)
        if "deployment" in ends[planned.key]:
            offered[planned.key] = ends[planned.key]["deployment"]


async def _do(reserved: Reserved, planned: PlannedStep, body: Body, run_id: str, *more: Any) -> dict[str, Any]:
    """One planned step; when it breaks, that is how it ended, and the others go on."""
    try:
        end: dict[str, Any] = await reserved.step(planned.key, body, run_id, planned.key, *more)
    except Broken as error:
        return {"status": StepStatus.BROKEN.value, "reason": error.message}
    return end


def _next(plan: Plan, ends: Ends) -> tuple[PlannedStep, ...]:
    return scheduling.next_steps(plan, {key: StepStatus(end["status"]) for key, end in ends.items()})
