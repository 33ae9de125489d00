"""What cannot go on by itself is decided at once: there with a note, or failed with a cause; never by the deadline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.clients.kubernetes import pod_objects, resources, workloads
from sealane.destinations.kubernetes.converge import owned_objects, registry
from sealane.destinations.kubernetes.stencils.standstill import OLD_PODS, OldPods
from sealane.verdicts import evaluate, model, outcomes, thresholds
from sealane.verdicts.judgement import Rules, State
from tests.unit.converge.test_convergence import AT, NEW, OLD, a_pod, made, meta

STARTED = datetime(2026, 11, 21, 3, 0, 2, tzinfo=UTC)
RULES = Rules(started=STARTED, healthy_for=timedelta(seconds=1))
SOON = STARTED + 3 * thresholds.LAG
REVISION = "controller-revision-hash"
TEMPLATE = {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something that stands still, and what is to be said of it."""

    name: str
    found: Any
    there: str = ""
    """The note, when it counts as there."""
    fails: str = ""
    """The cause, when it does not."""
    pods: tuple[pod_objects.Pod, ...] = ()
    sets: tuple[workloads.ReplicaSet, ...] = ()
    revisions: tuple[workloads.ControllerRevision, ...] = ()


def a_paused(*, replicas: int, updated: int) -> workloads.Deployment:
    return made(
        workloads.Deployment,
        metadata=meta("web", annotations={"deployment.kubernetes.io/revision": "2" if updated else "1"}),
        spec={"replicas": replicas, "paused": True},
        status={"observedGeneration": 1, "replicas": replicas, "updatedReplicas": updated},
    )


def by_hand(kind: str, said: str | None = None) -> Case:
    """A workload with one old pod that only a person replaces."""
    annotations = {} if said is None else {OLD_PODS: said}
    metadata = meta("web", annotations=annotations)
    spec: dict[str, Any] = {"updateStrategy": {"type": "OnDelete"}, "replicas": 1, "template": TEMPLATE}
    status = {"observedGeneration": 1, "updateRevision": "new", "currentRevision": "old", "desiredNumberScheduled": 1}
    newest = made(workloads.ControllerRevision, metadata=meta("r", owner="web", labels={REVISION: "new"}), revision=2)
    why = "never replaces pods" if kind == "ReplicaSet" else "updates on delete"
    stays = f"{kind} web {why}, so its old pod stays until somebody deletes it"
    kept = f"{kind} web {why}: 1 of its 1 pods is still of an older version."
    return Case(
        name=f"{kind} {said}",
        found=made(getattr(workloads, kind), metadata=metadata, spec=spec, status=status),
        pods=(a_pod("web-0", "web", labels={REVISION: "old"}),),
        revisions=(newest,),
        there=kept if said == OldPods.KEEP else "",
        fails="" if said == OldPods.KEEP else stays,
    )


def a_job(name: str, *, labels: dict[str, str] | None = None, **spec: Any) -> workloads.Job:
    return made(workloads.Job, metadata=meta(name, labels=labels or {}), spec=spec)


def cases() -> Iterator[Case]:
    yield Case(
        name="paused before it ever had pods",
        found=a_paused(replicas=2, updated=0),
        fails="Deployment web is paused, so its new version is not rolled out: take paused out of its stencil",
    )
    yield Case(
        name="paused with pods of the version before",
        found=a_paused(replicas=1, updated=0),
        sets=(OLD,),
        pods=(a_pod("one", "web-old"),),
        fails="Deployment web is paused, so its new version is not rolled out",
    )
    yield Case(
        name="paused, and nothing is to roll",
        found=a_paused(replicas=1, updated=1),
        sets=(OLD, NEW),
        pods=(a_pod("one", "web-new"),),
        there="Deployment web is paused: it has its pods, and a new version of them is not rolled out.",
    )
    for kind in ("StatefulSet", "DaemonSet", "ReplicaSet"):
        for said in (None, OldPods.FAIL, OldPods.KEEP, "whatever"):
            yield by_hand(kind, said)
    yield Case(
        name="scaled to nothing",
        found=made(workloads.StatefulSet, metadata=meta("db"), spec={"replicas": 0}, status=_seen()),
        there="StatefulSet db is scaled to 0 pods.",
    )
    yield Case(
        name="a partition above all pods",
        found=made(
            workloads.StatefulSet,
            metadata=meta("db"),
            spec={"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 9}}},
            status=_seen(current="old"),
        ),
        there="StatefulSet db keeps 2 of its 2 pods at the version before, by its partition.",
    )
    newest = made(workloads.ControllerRevision, metadata=meta("r", owner="log", labels={REVISION: "a"}), revision=1)
    yield Case(
        name="no node",
        found=made(workloads.DaemonSet, metadata=meta("log"), status={"observedGeneration": 1}),
        revisions=(newest,),
        there="DaemonSet log selects no node, so it has no pods.",
    )
    yield Case(
        name="a suspended Job",
        found=a_job("report", suspend=True),
        there="Job report is suspended: it runs once somebody resumes it.",
    )
    yield Case(
        name="a Job of no pods at once",
        found=a_job("report", parallelism=0),
        there="Job report may have 0 pods at once, so nothing of it runs.",
    )
    yield Case(
        name="a suspended CronJob",
        found=made(resources.CronJob, metadata=meta("nightly"), spec={"suspend": True}),
        there="CronJob nightly is suspended: it starts no Jobs.",
    )
    disabled = {"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}
    yield Case(
        name="an autoscaler of nothing",
        found=made(resources.Autoscaler, metadata=meta("web"), status={"conditions": [disabled]}),
        there="HorizontalPodAutoscaler web does not scale, since its target is scaled to 0 pods.",
    )


def _seen(current: str = "new") -> dict[str, Any]:
    return {"observedGeneration": 1, "updateRevision": "new", "currentRevision": current}


def observed(case: Case) -> model.Observation:
    surroundings = owned_objects.OwnedObjects(at=AT, pods=case.pods, replica_sets=case.sets, revisions=case.revisions)
    return registry.observation([registry.converge(case.found, surroundings)], at=AT)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_it_is_decided_long_before_the_deadline(case: Case) -> None:
    """A moment is left for what is seen of several kinds to agree."""
    observation = observed(case)
    judgement = evaluate.judge(observation, RULES, now=SOON)
    if case.there:
        assert judgement.state is State.HEALTHY, judgement.waiting_for
        assert outcomes.notes(observation) == (case.there,)
        verdict = outcomes.deployed(at=AT, workloads=1, healthy_for=timedelta(), notes=outcomes.notes(observation))
        assert verdict.reason.endswith(case.there)
    else:
        assert judgement.state is State.FAILED, judgement.waiting_for
        assert judgement.cause is not None
        assert judgement.cause.sentence.startswith(case.fails)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "ReplicaSet"])
def test_somebody_who_is_waited_for_has_until_the_deadline(kind: str) -> None:
    observation = observed(by_hand(kind, OldPods.WAIT))
    assert evaluate.judge(observation, RULES, now=STARTED + timedelta(minutes=9)).state is State.PROGRESSING
    late = evaluate.judge(observation, RULES, now=STARTED + RULES.deadline)
    assert late.cause is not None
    assert "somebody deletes it" in late.cause.sentence


def test_new_pods_that_crash_are_not_hidden_by_old_ones_that_may_stay() -> None:
    case = by_hand("StatefulSet", OldPods.KEEP)
    spec = {"updateStrategy": {"type": "OnDelete"}, "replicas": 2}
    metadata = meta("web", annotations={OLD_PODS: "keep"})
    workload = made(workloads.StatefulSet, metadata=metadata, spec=spec, status=_seen(current="old"))
    crashing = a_pod("web-1", "web", ready=False, labels={REVISION: "new"})
    seen = owned_objects.OwnedObjects(at=AT, pods=(*case.pods, crashing))
    assert registry.converge(workload, seen)[0].health is model.Health.CONVERGING


@pytest.mark.parametrize(
    ("job", "message", "fails"),
    [
        (a_job("a", suspend=True, labels={"kueue.x-k8s.io/queue-name": "big"}), "its queue big", False),
        (a_job("a", managedBy="example.com/runner"), "is left to its controller example.com/runner", True),
        (a_job("a", managedBy="kubernetes.io/job-controller"), "0 of 1 done", False),
    ],
)
def test_a_job_that_something_else_starts_is_waited_for(job: workloads.Job, message: str, fails: bool) -> None:
    """A queue has until the deadline, a controller as long as patience."""
    part = registry.converge(job, owned_objects.OwnedObjects(at=AT))
    observation = registry.observation([part], at=AT)
    assert part[0].health is model.Health.CONVERGING
    assert message in evaluate.judge(observation, RULES, now=SOON).waiting_for
    patient = evaluate.judge(observation, RULES, now=STARTED + RULES.patience)
    assert (patient.state is State.FAILED) == fails


def test_a_rollout_that_somebody_pauses_on_the_way_has_patience() -> None:
    """They may be looking at the first new pod."""
    deployment = a_paused(replicas=2, updated=1)
    pods = (a_pod("one", "web-new"), a_pod("two", "web-old"))
    observation = observed(Case(name="", found=deployment, sets=(OLD, NEW), pods=pods))
    assert evaluate.judge(observation, RULES, now=SOON).state is State.PROGRESSING
    late = evaluate.judge(observation, RULES, now=STARTED + RULES.patience)
    assert late.cause is not None
    assert "is not rolled out further" in late.cause.sentence


def test_a_scheduling_gate_is_named() -> None:
    held = a_pod("web", "", ready=False)
    blocked = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "blocked"}
    spec = {"containers": [{"name": "web"}], "schedulingGates": [{"name": "example.com/licence"}]}
    pod = made(pod_objects.Pod, metadata=meta("web"), spec=spec, status={"conditions": [blocked]})
    _, _, facts = registry.converge(pod, owned_objects.OwnedObjects(at=AT, pods=[held]))
    assert [fact.words for fact in facts] == ["nothing has taken its scheduling gate example.com/licence off"]
