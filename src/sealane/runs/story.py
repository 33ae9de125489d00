"""The story of a run: it begins, works through its services, steps and images as a graph, and ends.

A command uses a plain journal, a server a durable one. Each step that may run beside others has its own place in the
journal, so a worker that takes over finds each result. Deployments are stories of their own: a run ends once it has
requested them, and waits for nobody's approval.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection

from sealane.journal import Broken, Journal
from sealane.pipelines import scheduling
from sealane.pipelines.model import Kind, Outcome, Plan, PlannedStep, StepStatus
from sealane.runs.model import RunResult, StepEnd, Trouble
from sealane.runs.port import Context
from sealane.runs.steps import containers, images, services

_MAKES_NOTHING = {Kind.STEP, Kind.PLAN}
_WENT_WELL = {StepStatus.PASSED, StepStatus.SKIPPED}


async def tell(context: Context, journal: Journal) -> RunResult:
    """Takes a run from its beginning to its end. A broken step is its end; raises Broken only if ending breaks."""
    ends: dict[str, StepEnd] = {}
    broken = None
    try:
        begun = await journal.step("begin", context.memory.begin)
        if begun.plan is not None:
            await _Story(begun.plan, context, journal, ends).whole()
    except Broken as error:
        broken = error.message
    return await journal.step("finish", context.memory.finish, ends, broken)


class _Story:
    """The run from its plan on; `ends` grows with it."""

    def __init__(self, plan: Plan, context: Context, journal: Journal, ends: dict[str, StepEnd]) -> None:
        self._plan = plan
        self._context = context
        self._journal = journal
        self._ends = ends
        self._services: dict[str, asyncio.Task[Trouble | None]] = {}
        keys = [planned.key for planned in plan.steps]
        workflows = dict.fromkeys(planned.workflow for planned in plan.steps if planned.workflow)
        self._left: set[str] = set()
        places = (*map(_services_of, workflows), *map(_end_of, workflows))
        self._places = journal.side_by_side([*keys, *map(_broken, keys), *places])

    async def whole(self) -> None:
        await self._leave_out()
        if trouble := await self._start():
            for planned in self._next():
                if planned.kind is Kind.STEP and Outcome.SUCCESS in planned.on:
                    await self._end(planned.key, trouble)
        await self._work()
        await self._deliver()

    async def _start(self) -> Trouble | None:
        """Starts the services where steps need them; gives the reason when no step can begin.

        Those of a workflow start with its first step.
        """
        if not any(planned.kind is Kind.STEP and not planned.skip for planned in self._plan.steps):
            return None
        if any(planned.workflow for planned in self._plan.steps):
            return None
        return await self._started(self._journal, "services", "")

    async def _started(self, journal: Journal, place: str, workflow: str) -> Trouble | None:
        try:
            return await journal.step(place, services.start, self._context, workflow)
        except Broken as error:
            return Trouble(status=StepStatus.BROKEN, reason=error.message)

    async def _ready(self, planned: PlannedStep) -> Trouble | None:
        """Waits for the services of the step's workflow; gives the reason when the workflow can't begin."""
        workflow = planned.workflow
        if not workflow:
            return None
        if workflow not in self._services:
            start = self._started(self._places, _services_of(workflow), workflow)
            self._services[workflow] = asyncio.create_task(start)
        trouble = await asyncio.shield(self._services[workflow])
        begins = not any(self._plan.step(need).workflow == workflow for need in planned.needs)
        return trouble if begins and Outcome.SUCCESS in planned.on else None

    async def _work(self) -> None:
        """Steps and images, side by side where the plan and the limit allow it."""
        doing: dict[asyncio.Task[StepEnd], str] = {}
        try:
            while True:
                await self._leave_out()
                await self._leave_workflows()
                for planned in self._next(doing.values()):
                    if planned.kind is not Kind.DELIVER and len(doing) < self._context.at_once:
                        doing[asyncio.create_task(self._do(planned))] = planned.key
                if not doing:
                    return
                done, _ = await asyncio.wait(doing, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._ends[doing.pop(task)] = task.result()
        finally:  # tasks are left only after a fault of ours
            for task in doing:
                task.cancel()
            for start in self._services.values():
                start.cancel()
            await asyncio.gather(*doing, *self._services.values(), return_exceptions=True)

    async def _leave_workflows(self) -> None:
        """Lets go of workflows whose steps have all ended, so that only those under way hold services and disk."""
        for workflow in self._services.keys() - self._left:
            if all(step.key in self._ends for step in self._plan.steps if step.workflow == workflow):
                self._left.add(workflow)
                with contextlib.suppress(Broken):  # the run's end removes it
                    await self._places.step(_end_of(workflow), self._context.memory.leave, workflow)

    async def _do(self, planned: PlannedStep) -> StepEnd:
        """Does one planned step. A step that breaks has ended so; the others go on."""
        if trouble := await self._ready(planned):
            return await self._ended(planned.key, trouble)
        try:
            if planned.kind is Kind.PLAN:
                return await self._places.step(planned.key, self._context.memory.make_plan, planned.key)
            body = containers.run_step if planned.kind is Kind.STEP else images.make
            return await self._places.step(planned.key, body, self._context, planned)
        except Broken as error:
            return await self._broke(planned.key, error.message)

    async def _deliver(self) -> None:
        """Requests the release's deployments, each after the one before it."""
        if any(end.status not in _WENT_WELL for end in self._ends.values()):
            return
        memory = self._context.memory
        if any(planned.kind not in _MAKES_NOTHING and not planned.skip for planned in self._plan.steps):
            await self._journal.step("release", memory.release)
        while following := [planned for planned in self._next() if planned.kind is Kind.DELIVER]:
            planned = following[0]
            others = {key: end.deployment for key, end in self._ends.items() if key not in planned.beside}
            after = tuple(delivery for delivery in others.values() if delivery)
            try:
                end = await self._places.step(planned.key, memory.request_deployment, planned.key, after)
            except Broken as error:
                end = await self._broke(planned.key, error.message)
            self._ends[planned.key] = end
            await self._leave_out()

    async def _leave_out(self) -> None:
        """Ends steps that will never run, as soon as that is known."""
        for key, reason in scheduling.skipped(self._plan, self._statuses()).items():
            await self._end(key, Trouble(status=StepStatus.SKIPPED, reason=reason))

    async def _end(self, key: str, why: Trouble) -> None:
        """The end of a step that is not begun."""
        self._ends[key] = await self._ended(key, why)

    async def _ended(self, key: str, why: Trouble) -> StepEnd:
        end = StepEnd(status=why.status, reason=why.reason, ended=self._context.now())
        return await self._places.step(key, self._context.memory.end, key, end)

    async def _broke(self, key: str, reason: str) -> StepEnd:
        end = StepEnd(status=StepStatus.BROKEN, reason=reason, ended=self._context.now())
        try:
            return await self._places.step(_broken(key), self._context.memory.end, key, end)
        except Broken:  # the run's end tells it
            return end

    def _next(self, doing: Collection[str] = ()) -> tuple[PlannedStep, ...]:
        planned_steps = scheduling.next_steps(self._plan, self._statuses())
        return tuple(planned for planned in planned_steps if planned.key not in doing)

    def _statuses(self) -> dict[str, StepStatus]:
        return {key: end.status for key, end in self._ends.items()}


def _broken(key: str) -> str:
    return f"{key} broke"


def _end_of(workflow: str) -> str:
    return f"end of {workflow}"


def _services_of(workflow: str) -> str:
    return f"services of {workflow}"
