"""Autoscalers keep what they set; nothing falls back to one replica unasked."""

from __future__ import annotations

from typing import Any

from sealane.destinations.kubernetes import replica_owner


def found(manager: str, subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "subresource": subresource, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    return {"metadata": {"managedFields": [entry]}, "spec": {"replicas": 7}}


GIVEN = {"spec": {"replicas": 2, "paused": False}}


def test_a_number_an_autoscaler_set_is_left_to_it() -> None:
    assert replica_owner.scaled(GIVEN, found("kube-controller-manager", "scale"), autoscaled=True) == {
        "spec": {"paused": False}
    }


def test_a_number_that_is_no_longer_given_stays() -> None:
    assert replica_owner.scaled({"spec": {}}, found("sealane"), autoscaled=False) == {"spec": {"replicas": 7}}


def test_a_number_that_a_person_set_gives_way() -> None:
    manifest = {"spec": {"replicas": 2}}
    assert replica_owner.scaled(manifest, found("kubectl", "scale"), autoscaled=True) == manifest


def test_objects_without_replicas_are_left_as_they_are() -> None:
    assert replica_owner.scaled({"data": {}}, {"metadata": {}, "data": {}}, autoscaled=False) == {"data": {}}


def test_a_number_of_an_autoscaler_that_is_gone_gives_way() -> None:
    """The records tell for ever who set it; whether it lives is asked elsewhere."""
    there = found("kube-controller-manager", "scale")
    assert replica_owner.was_autoscaled(there)
    assert replica_owner.scaled(GIVEN, there, autoscaled=False) == GIVEN
