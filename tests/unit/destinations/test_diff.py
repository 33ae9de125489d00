"""Differences name fields as people read them, leave out noise and give away no secret."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.destinations import diff, model


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(change.path, change.before, change.after) for change in diff.differences(before, after)]


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": list(items)}}}}


WEB, SIDE = {"name": "web", "image": "a:1"}, {"name": "side", "image": "s:1"}


def test_items_are_compared_by_name() -> None:
    assert changes(containers(WEB, SIDE), containers({**WEB, "image": "a:2"}, SIDE)) == [
        ("spec.template.spec.containers[web].image", "a:1", "a:2")
    ]


def test_an_item_that_comes_or_goes_is_told_whole() -> None:
    assert changes(containers(WEB), containers(WEB, SIDE)) == [("spec.template.spec.containers[side]", None, SIDE)]
    assert changes(containers(WEB, SIDE), containers(SIDE)) == [("spec.template.spec.containers[web]", WEB, None)]


def test_another_order_is_a_difference() -> None:
    """Containers start, and variables expand, in their order."""
    assert changes(containers(WEB, SIDE), containers(SIDE, WEB)) == [
        ("spec.template.spec.containers[order]", ["web", "side"], ["side", "web"])
    ]


def test_lists_of_values_are_compared_by_position() -> None:
    assert changes({"args": ["a", "b"]}, {"args": ["a", "c", "d"]}) == [("args[1]", "b", "c"), ("args[2]", None, "d")]


def test_keys_with_dots_stand_in_brackets() -> None:
    before, after = ({"data": {"app.yaml": value}} for value in "12")
    assert changes(before, after) == [("data[app.yaml]", "1", "2")]


@pytest.mark.parametrize(
    "noise",
    [
        {"status": {"replicas": 1}},
        {"metadata": {"managedFields": [1]}},
        {"metadata": {"resourceVersion": "2", "generation": 3, "uid": "u", "creationTimestamp": "t"}},
        {"metadata": {"annotations": {model.REVISION: "r", model.SEQUENCE: "2"}}},
        {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "2"}}},
        {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}},
        {"spec": {}},
        {"spec": None},
        {"spec": []},
    ],
)
def test_what_only_the_server_writes_is_no_difference(noise: dict[str, Any]) -> None:
    assert changes({}, noise) == changes(noise, {}) == []


def test_a_whole_new_part_is_told_field_by_field() -> None:
    assert changes({}, {"metadata": {"labels": {"a": "1"}}}) == [("metadata.labels.a", None, "1")]


@pytest.mark.parametrize("part", ["data", "stringData"])
def test_values_of_a_secret_are_hidden(part: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret"}
    before, after = {**secret, part: {"a": "hunter2"}}, {**secret, part: {"a": "hunter3", "b": "hunter4"}}
    assert changes(before, after) == [(f"{part}.a", model.HIDDEN, model.HIDDEN), (f"{part}.b", None, model.HIDDEN)]
    assert changes({}, {**secret, part: "hunter5"})[-1][2] == model.HIDDEN


def test_a_secret_shown_hides_what_kubectl_repeated_in_an_annotation() -> None:
    repeated = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": repeated}, "data": {"a": "hunter2"}}
    assert "hunter2" not in str(diff.shown(secret))


@pytest.mark.parametrize(
    ("field", "path"),
    [
        (".spec.replicas", "spec.replicas"),
        ('.spec.template.spec.containers[name="web"].image', "spec.template.spec.containers[web].image"),
        ('.spec.ports[port=80,protocol="TCP"].name', "spec.ports[80].name"),
        ('.metadata.annotations["a.b/c"]', "metadata.annotations[a.b/c]"),
    ],
)
def test_fields_that_the_server_names_are_found_again(field: str, path: str) -> None:
    assert diff.path_of_field(field) == path


def test_who_set_what_will_be_overwritten_is_named() -> None:
    differences = diff.differences({"a": 1}, {"a": 2}, managers={"a": "kubectl-edit"})
    assert [change.manager for change in differences] == ["kubectl-edit"]


@pytest.mark.parametrize("empty", [{}, []])
def test_an_empty_thing_within_an_object_is_not_the_same_as_none(empty: Any) -> None:
    """`podSelector: {}` chooses all pods, `selfSigned: {}` says which kind of issuer it is."""
    assert changes({"spec": {"a": empty, "b": 1}}, {"spec": {"b": 1}}) == [("spec.a", empty, None)]
    assert changes({"spec": {"b": 1}}, {"spec": {"a": empty, "b": 1}}) == [("spec.a", None, empty)]
    assert changes({"spec": {"a": None}}, {"spec": {}}) == []
    assert changes({"metadata": {"labels": empty}}, {"metadata": {}}) == []
