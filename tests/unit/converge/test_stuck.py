"""Old pods that do not go, machines that are silent, and workloads that never replace their pods."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sealane.clients.kubernetes import objects, pod_objects, workloads
from sealane.destinations.kubernetes.converge import daemon_set, deployment, owned_objects, replica_set, stateful_set
from sealane.verdicts import model, thresholds
from sealane.verdicts.judgement import Memory, Rules
from sealane.verdicts.messages import causes
from tests.unit.converge.test_convergence import AT, NEW, OLD, a_deployment, a_pod, made, meta

K = model.FactKind


def held(name: str, owner: str, **more: Any) -> pod_objects.Pod:
    """A pod that is told to go and stays, by a finalizer."""
    return a_pod(name, owner, terminating=True, finalizers=["example.com/drain"], **more)


def test_a_recreated_deployment_waits_for_old_pods_to_go() -> None:
    workload = a_deployment(replicas=1, strategy={"type": "Recreate"})
    _, _, facts = deployment.converge(
        workload, owned_objects.OwnedObjects(at=AT, pods=[held("o", "web-old")], replica_sets=(OLD, NEW))
    )
    assert [(fact.kind, fact.object) for fact in facts] == [(K.OLD_POD_STUCK, "Deployment/web")]
    said = causes.sentence(facts[0], terminations=0, unit="pod")
    assert said == (
        "Deployment web cannot make its new pods: its old pod o is being ended, held by its finalizer example.com/drain."
    )


def test_a_rolling_deployment_does_not() -> None:
    """It makes new pods beside those that go: an old one that stays is nobody's trouble."""
    pods = [held("o", "web-old"), a_pod("n", "web-new")]
    web = a_deployment(replicas=1)
    workload, _, facts = deployment.converge(web, owned_objects.OwnedObjects(at=AT, pods=pods, replica_sets=(OLD, NEW)))
    assert (workload.health, facts) == (model.Health.READY, ())


def test_a_stateful_set_waits_for_the_old_pod_of_the_same_name() -> None:
    workload = made(
        workloads.StatefulSet,
        metadata=meta("db", generation=2),
        spec={"replicas": 1},
        status={"observedGeneration": 2, "updateRevision": "new"},
    )
    old = held("db-0", "db", labels={"controller-revision-hash": "old"})
    _, _, facts = stateful_set.converge(workload, owned_objects.OwnedObjects(at=AT, pods=[old]))
    assert [fact.kind for fact in facts] == [K.OLD_POD_STUCK]


def test_a_daemon_set_that_updates_on_delete_says_so() -> None:
    newest = made(
        workloads.ControllerRevision,
        metadata=meta("r", owner="web", labels={"controller-revision-hash": "new"}),
        revision=2,
    )
    daemons = made(
        workloads.DaemonSet,
        metadata=meta("web", generation=2),
        spec={"updateStrategy": {"type": "OnDelete"}},
        status={"observedGeneration": 2, "desiredNumberScheduled": 1},
    )
    old = a_pod("o", "web", labels={"controller-revision-hash": "old"})
    workload, _, _ = daemon_set.converge(daemons, owned_objects.OwnedObjects(at=AT, pods=[old], revisions=[newest]))
    assert workload.health is model.Health.CONVERGING
    assert "it updates on delete: delete its old pods" in workload.message


def test_a_bare_replica_set_knows_its_pods_by_their_images() -> None:
    template = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}

    def converged(image: str) -> owned_objects.Part:
        template["spec"]["containers"][0]["image"] = image
        replicas = made(
            workloads.ReplicaSet,
            metadata=meta("web"),
            spec={"replicas": 1, "template": template},
            status={"observedGeneration": 1},
        )
        return replica_set.converge(replicas, owned_objects.OwnedObjects(at=AT, pods=[a_pod("p", "web")]))

    assert converged("web:1")[0].health is model.Health.READY
    workload, _, _ = converged("web:2")
    assert (workload.health, workload.old) == (model.Health.CONVERGING, 1)
    assert "it never replaces pods: delete its old pods" in workload.message


def on_machine(*, started: bool, ready: str, containers: str, reason: str | None = None) -> pod_objects.Pod:
    """A pod of the new version on machine `far`."""
    conditions = [
        {"type": "Ready", "status": ready, "reason": reason, "message": "gate says no", "lastTransitionTime": AT},
        {"type": "ContainersReady", "status": containers},
    ]
    state = {"running": {"startedAt": AT}}
    return made(
        pod_objects.Pod,
        metadata=meta("p", owner="web-new"),
        spec={"nodeName": "far", "containers": [{"name": "web"}]},
        status={
            "phase": "Running" if started else "Pending",
            "startTime": AT if started else None,
            "conditions": conditions if started else [],
            "containerStatuses": [{"name": "web", "ready": True, "state": state}] if started else [],
        },
    )


@pytest.mark.parametrize(
    ("pod", "kind", "sentence"),
    [
        (
            on_machine(started=False, ready="False", containers="False"),
            K.NODE_NOT_RESPONDING,
            "Pod p is on node far, which has not taken it up yet.",
        ),
        (
            on_machine(started=True, ready="False", containers="True"),
            K.NODE_NOT_RESPONDING,
            "Pod p is on node far, which does not answer.",
        ),
        (
            on_machine(started=True, ready="False", containers="True", reason="ReadinessGatesNotReady"),
            K.NOT_READY,
            "Pod p is not ready: gate says no.",
        ),
    ],
)
def test_a_silent_machine_is_waited_for_with_patience(pod: pod_objects.Pod, kind: K, sentence: str) -> None:
    """When a node is lost its pods' containers still look well; only the pod's own condition goes."""
    web = a_deployment(replicas=1)
    workload, _, facts = deployment.converge(
        web, owned_objects.OwnedObjects(at=AT, pods=[pod], replica_sets=(OLD, NEW))
    )
    assert workload.health is model.Health.CONVERGING
    assert [fact.kind for fact in facts] == [kind]
    assert causes.sentence(facts[0], terminations=0, unit="pod") == sentence
    weight = thresholds.weigh(facts[0], Rules(started=AT), Memory())
    assert weight.due is not None
    assert not weight.decisive


@pytest.mark.parametrize(
    ("silent", "sentence"),
    [
        (True, "Pod n is unschedulable: 0/2 nodes are available: 2 Insufficient cpu; node far does not answer."),
        (False, "Pod n is unschedulable: 0/2 nodes are available: 2 Insufficient cpu."),
    ],
)
def test_what_is_unschedulable_because_another_was_lost_names_that_one(silent: bool, sentence: str) -> None:
    """Its workload's pods there are ended and never go; a pod that is ended on a machine that answers says nothing."""
    lost = on_machine(started=True, ready="False", containers="True" if silent else "False")
    lost = msgspec.structs.replace(lost, metadata=msgspec.structs.replace(lost.metadata, deletion_timestamp=AT))
    message = "0/2 nodes are available: 2 Insufficient cpu."
    conditions = [{"type": "PodScheduled", "status": "False", "message": message, "lastTransitionTime": AT}]
    new = made(
        pod_objects.Pod, metadata=meta("n", owner="web-new"), status={"phase": "Pending", "conditions": conditions}
    )
    workload = a_deployment(replicas=1)
    _, _, facts = deployment.converge(
        workload, owned_objects.OwnedObjects(at=AT, pods=[lost, new], replica_sets=(OLD, NEW))
    )
    assert [causes.sentence(fact, terminations=0, unit="pod") for fact in facts] == [sentence]


@pytest.mark.parametrize(
    ("reasons", "conditions", "kinds"),
    [
        (["FailedMount"], [], ["volume_pending", "starting"]),
        (["FailedCreatePodSandBox"], [], ["create_error", "starting"]),
        (["FailedMount", "Pulling"], [], ["starting"]),
        (["FailedMount"], [{"type": "PodReadyToStartContainers", "status": "True"}], ["starting"]),
    ],
)
def test_a_mount_that_failed_once_is_not_waited_for_while_a_large_image_is_pulled(
    reasons: list[str], conditions: list[dict[str, str]], kinds: list[str]
) -> None:
    """The event of the failed try stays; what comes after mounting tells that the next one did better."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    pod = made(
        pod_objects.Pod,
        metadata=meta("p", owner="web-new"),
        spec={"nodeName": "near", "containers": [{"name": "web"}]},
        status={"startTime": AT, "conditions": conditions, "containerStatuses": [{"name": "web", "state": waiting}]},
    )
    events = [
        made(
            objects.Event, metadata=meta("e"), involvedObject={"uid": "p"}, reason=reason, lastTimestamp=AT, message="m"
        )
        for reason in reasons
    ]
    surroundings = owned_objects.OwnedObjects(at=AT, pods=[pod], replica_sets=(OLD, NEW), events=events)
    _, _, facts = deployment.converge(a_deployment(replicas=1), surroundings)
    assert [fact.kind.value for fact in facts] == kinds
