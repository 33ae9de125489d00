"""What counts as there: only the desired version, once its controller has taken it in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from sealane.clients.kubernetes import pod_objects, workloads
from sealane.destinations.kubernetes.converge import daemon_set, deployment, job, owned_objects, pod, stateful_set
from sealane.verdicts import model

AT = datetime(2026, 11, 21, 3, 0, 30, tzinfo=UTC)
SINCE = "2026-11-21T03:00:10Z"


def made(kind: type[Any], **fields: Any) -> Any:
    return msgspec.convert(fields, kind)


def meta(name: str, *, owner: str | None = None, generation: int = 1, **more: Any) -> dict[str, Any]:
    owners = [{"kind": "X", "name": "x", "uid": owner, "controller": True}] if owner else []
    return {
        "name": name,
        "uid": name,
        "generation": generation,
        "ownerReferences": owners,
        "creationTimestamp": "2026-11-21T03:00:01Z",
        **more,
    }


def a_pod(name: str, owner: str, *, ready: bool = True, terminating: bool = False, **more: Any) -> pod_objects.Pod:
    """A pod of one container that runs."""
    metadata = meta(name, owner=owner, **more)
    if terminating:
        metadata["deletionTimestamp"] = SINCE
    state = {"running": {"startedAt": "2026-11-21T03:00:05Z"}}
    return made(
        pod_objects.Pod,
        metadata=metadata,
        spec={"containers": [{"name": "web", "image": "web:1"}]},
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": SINCE}],
            "containerStatuses": [{"name": "web", "ready": ready, "state": state}],
        },
    )


def a_deployment(*, replicas: int = 2, generation: int = 2, observed: int = 2, **spec: Any) -> workloads.Deployment:
    return made(
        workloads.Deployment,
        metadata=meta("web", generation=generation, annotations={"deployment.kubernetes.io/revision": "2"}),
        spec={"replicas": replicas, **spec},
        status={"observedGeneration": observed},
    )


OLD = made(
    workloads.ReplicaSet,
    metadata=meta("web-old", owner="web", annotations={"deployment.kubernetes.io/revision": "1"}),
    spec={"replicas": 0},
)
NEW = made(
    workloads.ReplicaSet,
    metadata=meta("web-new", owner="web", annotations={"deployment.kubernetes.io/revision": "2"}),
    spec={"replicas": 2},
)


def seen(
    workload: workloads.Deployment, *pods: pod_objects.Pod, sets: tuple[workloads.ReplicaSet, ...] = (OLD, NEW)
) -> Any:
    return deployment.converge(workload, owned_objects.OwnedObjects(at=AT, pods=pods, replica_sets=sets))


def test_a_deployment_is_ready_when_all_pods_of_its_newest_replica_set_are() -> None:
    workload, instances, facts = seen(a_deployment(), a_pod("one", "web-new"), a_pod("two", "web-new"))
    assert (workload.health, workload.message, facts) == (model.Health.READY, "2 of 2 pods ready", ())
    assert workload.ready_since == datetime(2026, 11, 21, 3, 0, 10, tzinfo=UTC)
    assert all(instance.desired for instance in instances)


def test_stable_on_the_old_version_is_never_there() -> None:
    """The controller has not looked at the new generation yet: all is green, and nothing of it counts."""
    workload, instances, _ = seen(a_deployment(observed=1), a_pod("one", "web-new"), a_pod("two", "web-new"))
    assert workload.health is model.Health.CONVERGING
    assert workload.message == "the cluster has not taken in its new version yet"
    assert not any(instance.desired for instance in instances)


def test_a_new_replica_set_that_is_not_seen_yet_is_waited_for() -> None:
    workload, _, _ = seen(a_deployment(), a_pod("one", "web-old"), a_pod("two", "web-old"), sets=(OLD,))
    assert (workload.health, workload.message) == (model.Health.CONVERGING, "its new ReplicaSet is being made")


def test_old_pods_must_go_and_those_that_are_going_are_gone() -> None:
    two = (a_pod("one", "web-new"), a_pod("two", "web-new"))
    workload, _, _ = seen(a_deployment(), *two, a_pod("old", "web-old"))
    assert (workload.health, workload.message) == (model.Health.CONVERGING, "2 of 2 pods ready, 1 old pod still to go")
    workload, _, _ = seen(a_deployment(), *two, a_pod("old", "web-old", terminating=True))
    assert workload.health is model.Health.READY


def test_a_surge_is_on_its_way_and_nothing_is_wrong_with_it() -> None:
    workload, _, facts = seen(a_deployment(), a_pod("one", "web-new"), a_pod("o1", "web-old"), a_pod("o2", "web-old"))
    assert (workload.health, facts) == (model.Health.CONVERGING, ())
    assert workload.message == "1 of 2 pods updated, 1 ready"


def test_a_paused_deployment_says_so() -> None:
    workload, _, _ = seen(a_deployment(paused=True), a_pod("one", "web-old"))
    assert workload.message == "it is paused"


def test_no_pods_wanted_is_settled() -> None:
    workload, _, _ = seen(a_deployment(replicas=0))
    assert (workload.health, workload.settled, workload.message) == (model.Health.READY, True, "no pods wanted")


@pytest.mark.parametrize(("unavailable", "freeable"), [(0, False), (1, True), ("25%", False), ("60%", True)])
def test_a_quota_may_be_relieved_by_pods_that_may_be_taken_away(unavailable: int | str, freeable: bool) -> None:
    """What the strategy lets go first decides whether room can come by itself."""
    message = 'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2'
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    refused = msgspec.structs.replace(NEW, status=made(workloads.DeploymentStatus, conditions=[condition]))
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable}}
    _, _, facts = seen(
        a_deployment(strategy=strategy), a_pod("o1", "web-old"), a_pod("o2", "web-old"), sets=(OLD, refused)
    )
    assert [(fact.kind, bool(fact.detail.get("freeable"))) for fact in facts] == [(model.FactKind.QUOTA, freeable)]
    assert facts[0].words == "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2"


def a_stateful_set(**fields: Any) -> workloads.StatefulSet:
    return made(
        workloads.StatefulSet,
        metadata=meta("db", generation=3),
        spec={"replicas": 2, **fields},
        status={"observedGeneration": 3, "updateRevision": "db-2", "currentRevision": "db-1"},
    )


def ordinal(number: int, revision: str, **more: Any) -> pod_objects.Pod:
    return a_pod(f"db-{number}", "db", labels={"controller-revision-hash": revision}, **more)


@pytest.mark.parametrize(
    ("update", "health", "message"),
    [
        ({"type": "RollingUpdate"}, "converging", "1 of 2 pods updated, 1 ready"),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "ready", "1 of 1 pod ready"),
        (
            {"type": "OnDelete"},
            "converging",
            "1 of 2 pods updated, 1 ready; it updates on delete: delete its old pods",
        ),
    ],
)
def test_a_stateful_set_needs_its_update_revision_above_the_partition(
    update: dict[str, Any], health: str, message: str
) -> None:
    pods = (ordinal(0, "db-1"), ordinal(1, "db-2"))
    workload, _, _ = stateful_set.converge(
        a_stateful_set(updateStrategy=update), owned_objects.OwnedObjects(at=AT, pods=pods)
    )
    assert (workload.health, workload.message) == (health, message)


def test_a_daemon_set_goes_by_its_newest_controller_revision() -> None:
    """Also when an older template was taken up again and its revision moved to the front."""
    daemons = made(
        workloads.DaemonSet,
        metadata=meta("agent"),
        status={"observedGeneration": 1, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1},
    )
    revisions = [
        made(
            workloads.ControllerRevision,
            metadata=meta(f"agent-{name}", owner="agent", labels={"controller-revision-hash": name}),
            revision=number,
        )
        for name, number in (("a", 3), ("b", 2))
    ]
    for label, health in (("a", "ready"), ("b", "converging")):
        pods = [a_pod("agent-x", "agent", labels={"controller-revision-hash": label})]
        workload, _, _ = daemon_set.converge(daemons, owned_objects.OwnedObjects(at=AT, pods=pods, revisions=revisions))
        assert workload.health == health


def test_a_daemon_set_whose_new_revision_is_not_seen_yet_is_not_ready() -> None:
    """Its status has taken the new version in and counts no pod of it; the watch of revisions is behind."""
    daemons = made(
        workloads.DaemonSet,
        metadata=meta("agent"),
        status={"observedGeneration": 1, "desiredNumberScheduled": 1, "updatedNumberScheduled": 0},
    )
    old = meta("agent-b", owner="agent", labels={"controller-revision-hash": "b"})
    revisions = [made(workloads.ControllerRevision, metadata=old, revision=2)]
    pods = [a_pod("agent-x", "agent", labels={"controller-revision-hash": "b"})]
    workload, _, _ = daemon_set.converge(daemons, owned_objects.OwnedObjects(at=AT, pods=pods, revisions=revisions))
    assert workload.health == "converging"


def test_a_job_is_judged_by_its_own_end() -> None:
    """Ends of its containers are its own business until its retries are used up."""
    ended = made(
        pod_objects.Pod,
        metadata=meta("load-x", owner="load"),
        spec={"containers": [{"name": "load"}], "restartPolicy": "Never"},
        status={
            "phase": "Failed",
            "containerStatuses": [{"name": "load", "state": {"terminated": {"exitCode": 2, "finishedAt": SINCE}}}],
        },
    )
    running = made(workloads.Job, metadata=meta("load"), status={"active": 1, "failed": 1})
    workload, _, facts = job.converge(running, owned_objects.OwnedObjects(at=AT, pods=[ended]))
    assert (workload.health, workload.message, facts) == ("converging", "0 of 1 done, 1 running, 1 failed", ())
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many retries"}
    failed = made(workloads.Job, metadata=meta("load"), status={"failed": 2, "conditions": [condition]})
    workload, _, facts = job.converge(failed, owned_objects.OwnedObjects(at=AT, pods=[ended]))
    assert (workload.health, [fact.kind for fact in facts]) == ("failed", [model.FactKind.JOB_FAILED])
    assert (facts[0].container, facts[0].detail["exit_code"]) == ("load", "2")


def test_a_pod_of_its_own_may_end_well() -> None:
    done = made(pod_objects.Pod, metadata=meta("once"), spec={"restartPolicy": "Never"}, status={"phase": "Succeeded"})
    workload, _, facts = pod.converge(done, owned_objects.OwnedObjects(at=AT))
    assert (workload.health, workload.settled, facts) == ("ready", True, ())


def test_ready_counts_from_the_last_start_of_a_container() -> None:
    """A restart within a second may never show as unready."""
    restarted = msgspec.convert(
        {
            **msgspec.to_builtins(a_pod("one", "web-new")),
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": SINCE}],
                "containerStatuses": [
                    {"name": "web", "ready": True, "state": {"running": {"startedAt": "2026-11-21T03:00:20Z"}}}
                ],
            },
        },
        pod_objects.Pod,
    )
    assert pod.instance(restarted, workload="x", desired=True, at=AT).ready_since == datetime(
        2026, 11, 21, 3, 0, 20, tzinfo=UTC
    )
