"""What lives at the simulated destination: its workloads as they behave now, what they print, use and show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sealane.destinations import model, usage
from sealane.destinations.dummy import apply_plan, behavior
from sealane.destinations.dummy import state as states
from sealane.verdicts import model as verdicts


def lives(stored: Mapping[str, states.Stored]) -> list[behavior.Life]:
    """The life of each stored object."""
    return [
        behavior.Life(
            ref=apply_plan.ref_in(item.manifest, item.manifest["metadata"].get("namespace") or ""),
            manifest=item.manifest,
            since=item.since,
            older=item.older,
            generation=item.generation,
            variables=apply_plan.variables(item.manifest, stored),
        )
        for item in stored.values()
    ]


def observation(alive: Sequence[behavior.Life], wanted: model.Inventory, *, at: datetime) -> verdicts.Observation:
    """How the wanted workloads are at that time."""
    watched = {ref.key: ref for ref in wanted if (ref.group, ref.kind) in behavior.WORKLOADS}
    here = [life for life in alive if life.ref.key in watched]
    there = {life.ref.key for life in here}
    absent = [ref for key, ref in watched.items() if key not in there]
    return behavior.observation(here, absent, at=at)


def evidence(alive: Sequence[behavior.Life], seen: verdicts.Observation) -> Mapping[str, Any]:
    """The evidence of what was observed: its facts as events, and what its workloads print."""
    events = [
        {
            "at": fact.since.isoformat(),
            "object": fact.object,
            "container": fact.container,
            "type": "Warning",
            "reason": fact.kind.value,
            "message": fact.words,
            "count": fact.times,
        }
        for fact in seen.facts
    ]
    about = {fact.workload for fact in seen.facts}
    concerned = [life for life in alive if life.object in about]
    return {"events": events, "logs": behavior.logs(concerned), "probes": [], "terminations": []}


def lines(
    alive: Sequence[behavior.Life], refs: model.Inventory, *, container: str | None, instance: str | None
) -> Iterator[str]:
    """What the workloads print: one line each, and their containers' configured output."""
    for ref in refs:
        if ref.group in {"apps", "batch"} and instance in {None, f"{ref.name}-0"}:
            yield f"{ref.name}-0/{container or ref.name}  pretends to run"
    keys = {ref.key for ref in refs}
    for log in behavior.logs(life for life in alive if life.ref.key in keys):
        pod = log["object"].partition("/")[2]
        if container in {None, log["container"]} and instance in {None, pod}:
            for line in log["lines"]:
                yield f"{pod}/{log['container']}  {line}"


def usage_of(
    alive: Sequence[behavior.Life], objects: Sequence[Mapping[str, Any]], *, namespace: str
) -> tuple[usage.WorkloadUsage, ...]:
    """What the workloads among the objects use; a Job does not stay, so it is left out."""
    wanted = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in objects}
    stay = behavior.WORKLOADS - {("batch", "Job")}
    here = (life for life in alive if life.ref.namespace == namespace)
    staying = (life for life in here if (life.ref.group, life.ref.kind) in stay)
    return tuple(behavior.usage(life) for life in staying if (life.ref.kind, life.ref.name) in wanted)
