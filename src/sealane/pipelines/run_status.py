"""The state of a run, computed from the states of its steps; it is never set in any other way. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sealane.pipelines.model import RunStatus, StepStatus

_ENDS = (
    (StepStatus.CANCELLED, RunStatus.CANCELLED),
    (StepStatus.FAILED, RunStatus.FAILED),
    (StepStatus.BROKEN, RunStatus.BROKEN),
    (StepStatus.PASSED, RunStatus.PASSED),
)
"""The statuses that decide an ended run, strongest first: cancelled, then the user's own failure, then Sealane's."""


def fold(statuses: Iterable[StepStatus]) -> RunStatus:
    """The status of a run from its steps' statuses; without steps, or with only skipped ones, it is skipped."""
    step_statuses = set(statuses)
    if StepStatus.RUNNING in step_statuses:
        return RunStatus.RUNNING
    if StepStatus.WAITING in step_statuses:
        return RunStatus.RUNNING if step_statuses - {StepStatus.WAITING, StepStatus.SKIPPED} else RunStatus.WAITING
    return next((run for step, run in _ENDS if step in step_statuses), RunStatus.SKIPPED)
