"""How far a Job is. Pure: a Job and its pods in, neutral values out.

A Job that ended well is settled; one whose retries are used up has failed. What its containers' ends say is not
decisive before that, which is why those facts are left to explain the failure only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sealane.clients.kubernetes import objects
from sealane.verdicts import model
from sealane.verdicts.convergence import around as around_
from sealane.verdicts.convergence import instances
from sealane.verdicts.convergence import pod as pods

_ENDS = frozenset(
    {
        model.FactKind.OUT_OF_MEMORY,
        model.FactKind.ENDED,
        model.FactKind.KILLED_BY_PROBE,
        model.FactKind.INIT_ENDED,
        model.FactKind.BAD_COMMAND,
    }
)


def converge(job: objects.Job, around: around_.Around) -> around_.Part:
    """The Job's state, its pods, and what keeps it from ending well."""
    name = f"Job/{job.metadata.name}"
    conditions = {each.type: each for each in job.status.conditions if each.status == "True"}
    done = "Complete" in conditions or "SuccessCriteriaMet" in conditions
    failed = conditions.get("Failed") or conditions.get("FailureTarget")
    seen = tuple(pods.instance(pod, workload=name, wanted=True, at=around.at) for pod in around.pods(job.metadata.uid))
    facts = () if done else tuple(_facts(job, name=name, around=around, failed=failed))
    completions = job.spec.completions or 1
    workload = model.Workload(
        object=name,
        health=model.Health.READY if done else model.Health.FAILED if failed else model.Health.CONVERGING,
        wanted=completions,
        updated=len(seen),
        ready=job.status.succeeded,
        old=0,
        ready_since=job.status.completion_time if done else None,
        says=_says(job, completions, done=done),
        settled=done,
    )
    return workload, seen, facts


def _says(job: objects.Job, completions: int, *, done: bool) -> str:
    if done:
        return "done"
    if job.spec.suspend:
        return "it is suspended"
    failed = f", {job.status.failed} failed" if job.status.failed else ""
    return f"{job.status.succeeded} of {completions} done, {job.status.active} running{failed}"


def _facts(
    job: objects.Job, *, name: str, around: around_.Around, failed: objects.Condition | None
) -> Iterator[model.Fact]:
    owned = around.pods(job.metadata.uid)
    found = [fact for pod in owned for fact in pods.facts(pod, workload=name, around=around)]
    # An end is retried by the Job itself: until its retries are used up, it only says why this takes long.
    yield from (fact for fact in found if fact.kind not in _ENDS and not failed)
    if failed:
        yield _failed(failed, [fact for fact in found if fact.kind in _ENDS], name=name, around=around)
    elif not owned:
        yield from instances.uncreated(name, owner=job.metadata, conditions=(), around=around, freeable=False)


def _failed(condition: objects.Condition, ends: list[model.Fact], *, name: str, around: around_.Around) -> model.Fact:
    """The Job's failure, with how its last container ended where that is still to be seen."""
    fact = model.Fact(
        kind=model.FactKind.JOB_FAILED,
        object=name,
        workload=name,
        since=condition.last_transition_time or around.at,
        words=condition.message or condition.reason or "",
        detail={"reason": condition.reason or ""},
    )
    if not ends:
        return fact
    last = max(ends, key=lambda end: end.last or end.since)
    detail = {**fact.detail, **last.detail, "pod": last.object, "ended": last.kind.value}
    return replace(fact, container=last.container, role=last.role, detail=detail, last=last.last)
