"""The progress of a Job. Pure: a Job and its pods in, neutral values out.

A Job that succeeded is settled; one without retries left has failed. Before that, its containers' exits are not
decisive, so those facts only explain the failure.

A Job that is suspended, or allows no pods, is as desired: nothing of it runs, and the message says so.
If something else should start it (a queue, or the controller that it names), that is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from sealane.clients.kubernetes import objects, workloads
from sealane.destinations.kubernetes.converge import instances, owned_objects
from sealane.destinations.kubernetes.converge import pod as pods
from sealane.verdicts import model

_COMPLETED = "Completed"
_FAILURES = frozenset(
    {"BackoffLimitExceeded", "DeadlineExceeded", "FailedIndexes", "MaxFailedIndexesExceeded", "PodFailurePolicy"}
)
"""Reasons of the final events by a Job's controller (`JobReason…` of the batch/v1 API)."""
_OWN_CONTROLLER = "kubernetes.io/job-controller"
_QUEUE = "kueue.x-k8s.io/queue-name"
"""Label of a Job that a queue suspends, and starts in its turn (https://kueue.sigs.k8s.io)."""

_ENDS = frozenset(
    {
        model.FactKind.OUT_OF_MEMORY,
        model.FactKind.ENDED,
        model.FactKind.KILLED_BY_PROBE,
        model.FactKind.INIT_ENDED,
        model.FactKind.BAD_COMMAND,
    }
)


def converge(job: workloads.Job, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """The Job's state, its pods, and what keeps it from succeeding."""
    name = f"Job/{job.metadata.name}"
    conditions = {condition.type: condition for condition in job.status.conditions if condition.status == "True"}
    done = "Complete" in conditions or "SuccessCriteriaMet" in conditions
    failed = conditions.get("Failed") or conditions.get("FailureTarget")
    seen = tuple(pods.instance(pod, workload=name, desired=True, at=live.at) for pod in live.pods(job.metadata.uid))
    completions = 1 if job.spec.completions is None else job.spec.completions
    still = "" if done or failed else _stands_still(job)
    facts = () if done or still else tuple(_facts(job, name=name, live=live, failed=failed))
    workload = model.Workload(
        object=name,
        health=model.Health.READY if done or still else model.Health.FAILED if failed else model.Health.CONVERGING,
        desired=completions,
        updated=len(seen),
        ready=job.status.succeeded,
        old=0,
        ready_since=job.status.completion_time if done else None,
        message=_message(job, completions, done=done),
        settled=done or bool(still),
        note=still,
        suspended=bool(still),
        ended=done,
        one_shot=True,
    )
    return workload, seen, facts


def ended(name: str, events: Iterable[objects.Event], *, at: datetime) -> owned_objects.Part | None:
    """How a missing Job ended: its controller reports that in events, which stay for a while."""
    for event in events:
        failed = event.reason in _FAILURES
        if event.reason != _COMPLETED and not failed:
            continue
        fact = model.Fact(
            kind=pods.failure(event.reason),
            object=name,
            workload=name,
            since=event.last_seen or at,
            words=event.message or event.reason,
            detail={"reason": event.reason},
        )
        workload = model.Workload(
            object=name,
            health=model.Health.FAILED if failed else model.Health.READY,
            desired=1,
            updated=0,
            ready=0 if failed else 1,
            old=0,
            ready_since=None,
            message="failed, and was removed" if failed else "done, and removed",
            settled=not failed,
            ended=not failed,
            one_shot=True,
        )
        return workload, (), (fact,) if failed else ()
    return None


def _message(job: workloads.Job, completions: int, *, done: bool) -> str:
    if done:
        return "done"
    if starter := _starter(job):
        return f"waits for {starter} to start it"
    if still := _stands_still(job):
        return still
    failed = f", {job.status.failed} failed" if job.status.failed else ""
    return f"{job.status.succeeded} of {completions} done, {job.status.active} running{failed}"


def _stands_still(job: workloads.Job) -> str:
    """Why nothing of it runs or will run without others; empty otherwise."""
    if _starter(job):
        return ""
    if job.spec.suspend:
        return "is suspended: it runs once somebody resumes it"
    return "may have 0 pods at once, so nothing of it runs" if job.spec.parallelism == 0 else ""


def _starter(job: workloads.Job) -> str:
    """Who else than the cluster's own controller should start it, until it has started; empty if nobody."""
    manager = job.spec.managed_by
    if manager and manager != _OWN_CONTROLLER and job.status == workloads.JobStatus():
        return f"its controller {manager}"
    queue = job.metadata.labels.get(_QUEUE)
    return f"its queue {queue}" if queue and job.spec.suspend else ""


def _facts(
    job: workloads.Job, *, name: str, live: owned_objects.OwnedObjects, failed: objects.Condition | None
) -> Iterator[model.Fact]:
    owned = live.pods(job.metadata.uid)
    if starter := _starter(job):
        yield _not_started(job, starter, name=name, live=live)
        return
    facts = [fact for pod in owned for fact in pods.facts(pod, workload=name, live=live)]
    # The Job itself retries after an exit; until its retries are used up, this only explains the delay.
    yield from (fact for fact in facts if fact.kind not in _ENDS and not failed)
    if failed:
        yield _failed(failed, [fact for fact in facts if fact.kind in _ENDS], name=name, live=live)
    elif not owned:
        yield from instances.uncreated(name, owner=job.metadata, conditions=(), live=live, freeable=False)


def _not_started(job: workloads.Job, starter: str, *, name: str, live: owned_objects.OwnedObjects) -> model.Fact:
    """A queue may let it wait for long; a controller starts it soon, or is missing."""
    queued = job.spec.suspend
    return model.Fact(
        kind=model.FactKind.RESOURCE_PENDING if queued else model.FactKind.TARGET_MISSING,
        object=name,
        workload=name,
        since=job.metadata.creation_timestamp or live.at,
        words=f"{starter} has not started it" if queued else f"is left to {starter}, which has not taken it up",
    )


def _failed(
    condition: objects.Condition, terminations: list[model.Fact], *, name: str, live: owned_objects.OwnedObjects
) -> model.Fact:
    """The Job's failure, with its last container's exit if that is still known."""
    fact = model.Fact(
        kind=pods.failure(condition.reason),
        object=name,
        workload=name,
        since=condition.last_transition_time or live.at,
        words=condition.message or condition.reason or "",
        detail={"reason": condition.reason or ""},
    )
    if not terminations:
        return fact
    last = max(terminations, key=lambda end: end.last or end.since)
    detail = {**fact.detail, **last.detail, "pod": last.object, "ended": last.kind.value}
    return replace(fact, container=last.container, role=last.role, detail=detail, last=last.last)
