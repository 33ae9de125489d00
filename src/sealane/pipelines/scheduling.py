"""The next steps of a run, from its plan and its steps' states. Pure, and the same on a laptop and on the server.

A missing status means `waiting`. Whoever runs the plan marks the steps in `skipped`, starts the `next_steps`, and asks
again after each change of a status, until `done`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sealane.pipelines.model import Outcome, Plan, PlannedStep, StepStatus

Statuses = Mapping[str, StepStatus]
"""The status of each planned step, by its key."""

ENDED = frozenset(StepStatus) - {StepStatus.WAITING, StepStatus.RUNNING}
FAILED = frozenset({StepStatus.FAILED, StepStatus.BROKEN})


def next_steps(plan: Plan, statuses: Statuses) -> tuple[PlannedStep, ...]:
    """The steps that can start now, in the plan's order."""
    return tuple(_look(plan, statuses)[0])


def skipped(plan: Plan, statuses: Statuses) -> dict[str, str]:
    """The waiting steps that will never run, by key, each with the reason."""
    return _look(plan, statuses)[1]


def done(plan: Plan, statuses: Statuses) -> bool:
    """Whether every step has ended or will never run."""
    left_out = skipped(plan, statuses)
    return all(step.key in left_out or statuses.get(step.key) in ENDED for step in plan.steps)


def _look(plan: Plan, statuses: Statuses) -> tuple[list[PlannedStep], dict[str, str]]:
    """One pass is enough, because a plan's needs point backwards."""
    cancelled = next((step for step in plan.steps if statuses.get(step.key) is StepStatus.CANCELLED), None)
    now = dict(statuses)
    culprits: dict[str, PlannedStep | None] = {}
    settled: set[str] = set()
    start: list[PlannedStep] = []
    left_out: dict[str, str] = {}
    for step in plan.steps:
        culprit = cancelled or _culprit(step, culprits)
        if now.get(step.key, StepStatus.WAITING) is StepStatus.WAITING:
            ready = settled.issuperset(step.needs)
            unneeded = step.after_failure and not any(culprits.get(key) for key in step.forgives)
            reason = step.skip or _hopeless(step, culprit, now, ready=ready, unneeded=unneeded)
            if reason:
                left_out[step.key] = reason
                now[step.key] = StepStatus.SKIPPED
            elif ready:
                start.append(step)
        if _settles(now.get(step.key), needs_are_settled=settled.issuperset(step.needs)):
            settled.add(step.key)
        culprits[step.key] = step if now.get(step.key) in FAILED else culprit
    return start, left_out


def _settles(status: StepStatus | None, *, needs_are_settled: bool) -> bool:
    """A skipped step still waits for its own needs; any other has waited for them already."""
    return needs_are_settled if status is StepStatus.SKIPPED else status in ENDED


def _culprit(step: PlannedStep, culprits: Mapping[str, PlannedStep | None]) -> PlannedStep | None:
    """The first unsuccessful step among all that come before this one."""
    counted = (need for need in step.needs if need not in step.forgives)
    return next((culprit for need in counted if (culprit := culprits.get(need))), None)


def _hopeless(
    step: PlannedStep, culprit: PlannedStep | None, now: Statuses, *, ready: bool, unneeded: bool
) -> str | None:
    """Why a waiting step will never run, or None if it may; `unneeded`: nothing of what it is to follow has failed yet."""
    if culprit is None:
        return "nothing has failed" if ready and (unneeded or Outcome.SUCCESS not in step.on) else None
    status = now[culprit.key]
    if status is StepStatus.CANCELLED:
        return f"{culprit.name} was cancelled"
    if Outcome.FAILURE in step.on:
        return None
    return f"{culprit.name} {'failed' if status is StepStatus.FAILED else 'could not be run'}"
