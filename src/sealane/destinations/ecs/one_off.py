"""Whether a task that runs to its end did so well: by the exit code of every container. Pure.

A task may stop without any container having started; then no exit code is there, and nothing was done.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sealane.clients.aws.ecs_model import Task
from sealane.destinations.aws.seen import Seen
from sealane.destinations.ecs import stopped_tasks
from sealane.verdicts import model as verdicts

_VISIBLE = timedelta(seconds=60)
"""How long a task that was started may take to be visible."""
_FROM_OUTSIDE = frozenset({"UserInitiated", "SpotInterruption", "TerminationNotice", "InfrastructureHealth"})


def seen(name: str, task: Task | None, *, now: datetime, asked: datetime) -> Seen:
    """The observation of one task; None: nobody knows it."""
    if task is None:
        if now < asked + _VISIBLE:
            return _seen(name, None, verdicts.FactKind.STARTING, "it is not to be seen yet", now)
        words = "it was started, and nobody knows it any more: how it ended can't be told"
        return _seen(name, None, verdicts.FactKind.UNPROVEN, words, now)
    if task.status != "STOPPED":
        return _seen(name, task, None, f"it is {task.status.lower()}", now)
    if problem := failed(task):
        return _seen(name, task, verdicts.FactKind.JOB_FAILED, problem, now)
    return _seen(name, task, None, "it ended well", now)


def failed(task: Task) -> str:
    """Why a stopped task failed; empty if it ended well."""
    if task.stop_code in _FROM_OUTSIDE:
        return f"it was stopped before its end: {task.stopped_reason or task.stop_code}"
    codes = [container.exit_code for container in task.containers]
    if not codes or any(code is None for code in codes):
        return f"it never started: {stopped_tasks.why(task)}"
    return stopped_tasks.why(task) if any(codes) else ""


def _seen(name: str, task: Task | None, kind: verdicts.FactKind | None, words: str, now: datetime) -> Seen:
    over = task is not None and task.status == "STOPPED"
    well = over and kind is None
    bad = kind is verdicts.FactKind.JOB_FAILED
    since = (task.stopped if task and task.stopped else None) or now
    workload = verdicts.Workload(
        object=name,
        health=verdicts.Health.READY if well else verdicts.Health.FAILED if bad else verdicts.Health.CONVERGING,
        desired=1,
        updated=1 if task else 0,
        ready=1 if well else 0,
        old=0,
        ready_since=since if well else None,
        message=words,
        settled=well,
        ended=well,
        one_shot=True,
    )
    facts = (verdicts.Fact(kind=kind, object=name, workload=name, since=since, words=words),) if kind else ()
    return Seen(workload=workload, facts=facts)
