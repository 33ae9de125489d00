"""StatefulSets whose pods are numbered from anywhere: the partition counts from the first of them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sealane.clients.kubernetes import pod_objects, workloads
from sealane.destinations.kubernetes import stuck_statefulset_pods
from sealane.destinations.kubernetes.converge import owned_objects, stateful_set
from sealane.verdicts import model
from tests.unit.converge.test_convergence import AT, a_pod, made, meta

STARTS = st.one_of(st.none(), st.integers(0, 40))
NUMBERS = st.integers(0, 12)


def a_set(
    start: int | None, replicas: int, partition: int, *, first: bool = False, **spec: Any
) -> workloads.StatefulSet:
    """A StatefulSet whose controller has taken it in; `first` means that it never had another version."""
    more = {} if start is None else {"ordinals": {"start": start}}
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    return made(
        workloads.StatefulSet,
        metadata=meta("db", generation=2),
        spec={"replicas": replicas, "updateStrategy": update, **more, **spec},
        status={
            "observedGeneration": 2,
            "updateRevision": "new",
            "currentRevision": "new" if first else "old",
        },
    )


def pods(start: int | None, replicas: int, renewed: int, **more: Any) -> list[pod_objects.Pod]:
    """As the controller makes them: it renews from the last one down."""
    first = start or 0
    return [
        a_pod(
            f"db-{first + index}",
            "db",
            labels={"controller-revision-hash": "new" if index >= replicas - renewed else "old"},
            **more,
        )
        for index in range(replicas)
    ]


def converged(workload: workloads.StatefulSet, there: list[pod_objects.Pod]) -> model.Workload:
    return stateful_set.converge(workload, owned_objects.OwnedObjects(at=AT, pods=there))[0]


@given(start=STARTS, replicas=NUMBERS, partition=NUMBERS, renewed=NUMBERS)
def test_it_is_there_exactly_when_all_from_the_partition_on_are_renewed(
    start: int | None, replicas: int, partition: int, renewed: int
) -> None:
    """Whatever the numbers are; a partition above all of them asks for none."""
    workload = a_set(start, replicas, partition)
    there = converged(workload, pods(start, replicas, min(renewed, replicas - min(partition, replicas))))
    desired = max(0, replicas - partition)
    assert there.desired == desired
    assert (there.health is model.Health.READY) == (min(renewed, desired) == desired)


@given(start=STARTS, replicas=st.integers(1, 12), partition=NUMBERS, missing=st.integers(0, 11))
def test_a_first_version_has_all_its_pods_whatever_the_partition(
    start: int | None, replicas: int, partition: int, missing: int
) -> None:
    """Where there is no older version, none is kept: a pod that is not there, or not ready, is waited for."""
    workload = a_set(start, replicas, partition, first=True)
    every = pods(start, replicas, replicas)
    assert converged(workload, every).health is model.Health.READY
    gone = missing % replicas
    assert converged(workload, [*every[:gone], *every[gone + 1 :]]).health is model.Health.CONVERGING


@given(start=STARTS, replicas=st.integers(1, 12), partition=NUMBERS)
def test_only_a_broken_old_pod_that_is_to_be_replaced_makes_way(
    start: int | None, replicas: int, partition: int
) -> None:
    """What is below the partition is never deleted."""
    workload = a_set(start, replicas, partition)
    freed = [stuck_statefulset_pods.holds_up(pod, workload) for pod in pods(start, replicas, 0, ready=False)]
    assert freed == [index >= partition for index in range(replicas)]


def test_pods_of_numbers_that_are_no_longer_asked_for_have_to_go() -> None:
    """The first number was raised: the old ones are too many until they are gone."""
    workload = a_set(3, 2, 0, first=True)
    moved = [*pods(3, 2, 2), *pods(0, 2, 2)]
    assert converged(workload, moved).health is model.Health.CONVERGING
    assert converged(workload, pods(3, 2, 2)).health is model.Health.READY
