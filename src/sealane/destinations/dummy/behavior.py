"""How simulated workloads behave, set by their containers' environment. Pure: knows nothing about files or the clock.

    DUMMY_READY_AFTER=0.5   ready after that many seconds; a Job has succeeded by then
    DUMMY_NEVER_READY=1     its readiness probe never passes
    DUMMY_EXIT_CODE=1       the container exits with that code, again and again; a Job fails
    DUMMY_RUNS=0.5          the container exits after that many seconds, again and again, and is back and ready at once
    DUMMY_OOM=1             it runs out of memory, again and again
    DUMMY_NO_IMAGE=1        the registry knows no such image
    DUMMY_CPU=0.25          the cores that each instance uses
    DUMMY_MEMORY=1024       the bytes of memory that each instance uses
    DUMMY_UNSCHEDULABLE=1   no node has room for it
    DUMMY_OUTPUT=text       the text of its log; `$(NAME)` or `$(NAME|base64)` is a value from a Secret
    DUMMY_LAST_WORDS=text   its termination message, likewise

A suspended Job exists, but nothing of it runs. As in a rolling update, old instances stay until all new ones are ready.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sealane import pretended
from sealane.destinations import model
from sealane.destinations.usage import Resources, WorkloadUsage
from sealane.verdicts import model as verdicts

WORKLOADS = frozenset(
    {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("batch", "Job"), ("", "Pod")}
)
FIRST_END = timedelta(milliseconds=100)
"""The time before a container's first exit, and between later ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """One workload: its object and since when it has been so."""

    ref: model.ObjectRef
    manifest: Mapping[str, Any]
    since: datetime
    older: bool
    generation: int
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values that its containers get from Secrets."""

    @property
    def object(self) -> str:
        """The object as observations name it."""
        return f"{self.ref.kind}/{self.ref.name}"

    @property
    def replicas(self) -> int:
        """The desired number of instances."""
        spec = self.manifest.get("spec") or {}
        return int(spec.get("replicas", 1)) if self.ref.kind in ("Deployment", "StatefulSet") else 1

    @property
    def runs(self) -> timedelta | None:
        """How long its containers run before they exit and restart; None if they stay or don't restart."""
        return next(
            (
                timedelta(seconds=float(variables["DUMMY_RUNS"]))
                for container in self.containers
                if "DUMMY_RUNS" in (variables := _told(container))
            ),
            None,
        )

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """Its containers."""
        spec = self.manifest.get("spec") or {}
        pod = spec if self.ref.kind == "Pod" else (spec.get("template") or {}).get("spec") or {}
        return list(pod.get("containers") or ())


def _suspended(life: Life) -> bool:
    return life.ref.kind == "Job" and bool((life.manifest.get("spec") or {}).get("suspend"))


def seconds(life: Life) -> float:
    """How long it takes to become ready."""
    return max((float(_told(container).get("DUMMY_READY_AFTER", "0")) for container in life.containers), default=0.0)


def observation(lives: Iterable[Life], absent: Iterable[model.ObjectRef], *, at: datetime) -> verdicts.Observation:
    """The complete observation at a time."""
    workloads = [_absent(ref) for ref in absent]
    instances: list[verdicts.Instance] = []
    facts: list[verdicts.Fact] = []
    for life in lives:
        seen = list(_facts(life, at))
        workload = _workload(life, seen, at)
        workloads.append(workload)
        instances.extend(_instances(life, workload, seen))
        facts.extend(seen)
    return verdicts.Observation(
        at=at, workloads=tuple(workloads), instances=tuple(instances), facts=tuple(facts), unit="pod"
    )


def usage(life: Life) -> WorkloadUsage:
    """The usage of its instances, if its containers set it."""
    variables_of = [_told(container) for container in life.containers]
    cpu, memory = (
        sum(float(variables.get(name, "0")) for variables in variables_of) for name in ("DUMMY_CPU", "DUMMY_MEMORY")
    )
    used = Resources(cpu=cpu, memory=memory)
    names = (_instance(life, number) for number in range(life.replicas)) if used else ()
    return WorkloadUsage(
        object=life.object, requests=Resources(), limits=Resources(), instances=dict.fromkeys(names, used)
    )


def _workload(life: Life, facts: list[verdicts.Fact], at: datetime) -> verdicts.Workload:
    ready_at = life.since + timedelta(seconds=seconds(life))
    if life.runs:
        ready_at = max(ready_at, life.since + life.runs * ((at - life.since) // life.runs))
    ready = (not facts or life.runs is not None) and at >= ready_at
    failed = any(fact.kind is verdicts.FactKind.JOB_FAILED for fact in facts)
    health = verdicts.Health.READY if ready else verdicts.Health.CONVERGING
    desired = life.replicas
    old = desired if life.older and not ready and life.ref.kind not in ("Job", "Pod") else 0
    return verdicts.Workload(
        object=life.object,
        health=verdicts.Health.FAILED if failed else health,
        desired=desired,
        updated=desired,
        ready=desired if ready else 0,
        old=old,
        ready_since=ready_at if ready else None,
        message=f"{desired if ready else 0} of {desired} new instances ready"
        + (f", {old} old still there" if old else ""),
        settled=ready and (life.ref.kind == "Job" or desired == 0),
        note="is suspended: it runs once somebody resumes it" if _suspended(life) else "",
        suspended=_suspended(life) or desired == 0,
        ended=ready and life.ref.kind == "Job" and not _suspended(life),
        one_shot=life.ref.kind == "Job",
    )


def _facts(life: Life, at: datetime) -> Iterable[verdicts.Fact]:
    for number in range(life.replicas):
        for container in life.containers:
            yield from _facts_of(life, container, _instance(life, number), at)


def _facts_of(life: Life, container: Mapping[str, Any], instance: str, at: datetime) -> Iterable[verdicts.Fact]:
    variables = _told(container)
    common = {"object": instance, "workload": life.object, "container": container["name"], "role": verdicts.Role.MAIN}

    def fact(kind: verdicts.FactKind, **more: Any) -> verdicts.Fact:
        return verdicts.Fact(**{"kind": kind, "since": life.since, "created": life.since, **common, **more})

    if "DUMMY_UNSCHEDULABLE" in variables:
        yield fact(verdicts.FactKind.UNSCHEDULABLE, container=None, role=None, words="no node has room")
    elif "DUMMY_NO_IMAGE" in variables:
        image = str(container.get("image", ""))
        yield fact(verdicts.FactKind.IMAGE_MISSING, words="manifest unknown", detail={"image": image})
    elif "DUMMY_OOM" in variables or "DUMMY_EXIT_CODE" in variables:
        yield from _ends(life, variables, fact, at)
    elif life.runs:
        if times := (at - life.since) // life.runs:
            last = life.since + life.runs * times
            run, first = last - life.runs, life.since + life.runs
            detail = {"exit_code": "1"}
            yield fact(verdicts.FactKind.ENDED, since=first, run=run, last=last, times=times, detail=detail)
    elif "DUMMY_NEVER_READY" in variables:
        asks = {"probe": "readiness", "asks": "GET /healthz"}
        yield fact(verdicts.FactKind.PROBE_FAILING, words="HTTP probe failed with statuscode: 503", detail=asks)
    elif at < life.since + timedelta(seconds=seconds(life)):
        yield fact(verdicts.FactKind.STARTING)


def _ends(life: Life, variables: Mapping[str, str], fact: Any, at: datetime) -> Iterable[verdicts.Fact]:
    times = int((at - life.since) / FIRST_END)
    code = "137" if "DUMMY_OOM" in variables else variables["DUMMY_EXIT_CODE"]
    if times == 0:
        yield fact(verdicts.FactKind.STARTING)
        return
    if life.ref.kind == "Job":
        yield fact(verdicts.FactKind.JOB_FAILED, words=f"exit code {code}", detail={"exit_code": code})
        return
    kind = verdicts.FactKind.OUT_OF_MEMORY if "DUMMY_OOM" in variables else verdicts.FactKind.ENDED
    last = life.since + FIRST_END * times
    detail = {"exit_code": code}
    yield fact(
        kind,
        since=life.since + FIRST_END,
        run=last - FIRST_END,
        last=last,
        times=times,
        detail=detail,
        words=pretended.said(variables.get("DUMMY_LAST_WORDS", "it ended"), life.variables),
    )


def _instances(life: Life, workload: verdicts.Workload, facts: list[verdicts.Fact]) -> Iterable[verdicts.Instance]:
    if workload.settled:
        return
    ready = workload.health is verdicts.Health.READY
    restarts = max((fact.times for fact in facts if fact.run), default=0) if not ready or life.runs else 0
    for number in range(workload.updated):
        yield _one(life, _instance(life, number), workload, desired=True, ready=ready, restarts=restarts)
    for number in range(workload.old):
        yield _one(life, f"{_instance(life, number)}-old", workload, desired=False, ready=True, restarts=0)


def _one(
    life: Life, name: str, workload: verdicts.Workload, *, desired: bool, ready: bool, restarts: int
) -> verdicts.Instance:
    phase = verdicts.ContainerPhase.RUNNING if ready else verdicts.ContainerPhase.WAITING
    containers = tuple(
        verdicts.Container(
            name=container["name"],
            role=verdicts.Role.MAIN,
            ready=ready,
            restarts=restarts,
            state=phase.value,
            phase=phase,
        )
        for container in life.containers
    )
    return verdicts.Instance(
        object=name,
        workload=life.object,
        desired=desired,
        terminating=False,
        ready=ready,
        ready_since=(workload.ready_since or life.since) if ready else None,
        created=life.since,
        state=phase.value,
        containers=containers,
    )


def logs(lives: Iterable[Life]) -> list[dict[str, Any]]:
    """The output of the containers, as evidence."""
    return [
        {
            "object": _instance(life, 0),
            "container": container["name"],
            "previous": False,
            "lines": pretended.said(_told(container)["DUMMY_OUTPUT"], life.variables).split("\n"),
        }
        for life in lives
        for container in life.containers
        if "DUMMY_OUTPUT" in _told(container)
    ]


def _instance(life: Life, number: int) -> str:
    return life.object if life.ref.kind == "Pod" else f"Pod/{life.ref.name}-{life.generation}-{number}"


def _told(container: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(variable["name"]): str(variable.get("value", ""))
        for variable in container.get("env") or ()
        if "name" in variable
    }


def _absent(ref: model.ObjectRef) -> verdicts.Workload:
    return verdicts.Workload(
        object=f"{ref.kind}/{ref.name}",
        health=verdicts.Health.CONVERGING,
        desired=1,
        updated=0,
        ready=0,
        old=0,
        ready_since=None,
        message="the destination does not have it",
        one_shot=ref.kind == "Job",
    )
