"""Why tasks stopped. Pure.

A task that the service stops to scale or to replace it is no trouble, and neither is another deployment's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sealane.clients.aws.ecs_model import Task, TaskContainer

MANY = 3
"""Tasks of one deployment that have to stop by themselves before that says anything about it."""
_MOST = 5
_USUAL = frozenset({"ServiceSchedulerInitiated", "UserInitiated"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What keeps a deployment's tasks from staying."""

    words: str
    times: int
    """How many of its tasks stopped by themselves."""


def of(tasks: Iterable[Task], deployment: str) -> tuple[Task, ...]:
    """The deployment's tasks that stopped by themselves, the newest first, at most five."""
    own = [task for task in tasks if task.started_by == deployment and task.status == "STOPPED" and not _usual(task)]
    return tuple(sorted(own, key=lambda task: task.created, reverse=True)[:_MOST])


def trouble(tasks: Iterable[Task], deployment: str) -> Trouble | None:
    """The trouble of a deployment's tasks; None if none stopped by itself."""
    stopped = of(tasks, deployment)
    if not stopped:
        return None
    task = stopped[0]
    times = f", as {len(stopped) - 1} before it" if len(stopped) > 1 else ""
    return Trouble(words=f"task {task.id} stopped{times}: {why(task)}", times=len(stopped))


def why(task: Task) -> str:
    """Why it stopped: the container's own reason, else the task's."""
    container = _ended(task)
    if container and container.reason:
        code = f" (exit code {container.exit_code})" if container.exit_code is not None else ""
        return f"container {container.name}: {container.reason}{code}"
    if container and container.exit_code is not None:
        return f"container {container.name} ended with exit code {container.exit_code}"
    return task.stopped_reason or task.stop_code or "no reason is given"


def _ended(task: Task) -> TaskContainer | None:
    """The container that most likely ended it."""
    return _first(
        [container for container in task.containers if container.exit_code not in {None, 0}],
        [container for container in task.containers if container.reason],
        [container for container in task.containers if container.exit_code is not None],
    )


def _first(*groups: Sequence[TaskContainer]) -> TaskContainer | None:
    return next((group[0] for group in groups if group), None)


def _usual(task: Task) -> bool:
    """Whether nothing is wrong with it; one that the scheduler stops because it is not healthy is trouble after all."""
    return task.stop_code in _USUAL and not task.failed_health_checks
