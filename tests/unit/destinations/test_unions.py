"""Which fields exclude each other, by the rules; the real document's are tried on a real cluster."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.clients.kubernetes.schemas import Schema
from sealane.destinations.kubernetes import unions

TEXT = {"type": "string"}
THING = {"type": "object", "properties": {"size": TEXT}}


def schema(plain: dict[str, Any], name: str = "", **types: Any) -> Schema:
    return Schema(name=name, plain={"type": "object", **plain}, types=types)


def ref(name: str) -> dict[str, Any]:
    return {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "default": {}}


CASES: dict[str, tuple[Schema, set[frozenset[str]]]] = {
    "told": (
        schema(
            {
                "properties": {"kind": TEXT, "user": THING, "group": THING},
                "x-kubernetes-unions": [
                    {"discriminator": "kind", "fields-to-discriminateBy": {"user": "User", "group": "Group"}}
                ],
            }
        ),
        {frozenset({"kind", "user", "group"})},
    ),
    "by type": (
        schema({"properties": {"type": {"type": "string", "enum": ["Blue", "Green"]}, "blue": THING, "note": TEXT}}),
        {frozenset({"type", "blue"})},
    ),
    "one of, in a definition": (
        schema({"properties": {"a": TEXT, "b": TEXT}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        {frozenset({"a", "b"})},
    ),
    "said": (
        schema({"description": "Exactly one of its fields must be given.", "properties": {"a": THING, "b": THING}}),
        {frozenset({"a", "b"})},
    ),
    "sources": (
        schema(
            {"properties": {"name": TEXT, "disk": ref("x.DiskSource"), "net": ref("x.NetSource")}},
            **{"x.DiskSource": THING, "x.NetSource": THING},
        ),
        {frozenset({"disk", "net"})},
    ),
    "not with another": (
        schema(
            {
                "properties": {
                    "least": TEXT,
                    "most": {**TEXT, "description": 'This is a mutually exclusive setting with "Least".'},
                    "note": TEXT,
                }
            }
        ),
        {frozenset({"least", "most"})},
    ),
    "unsaid": (
        schema({"properties": {"name": TEXT, "value": TEXT, "valueFrom": THING}}, name="io.k8s.api.core.v1.EnvVar"),
        {frozenset({"value", "valueFrom"})},
    ),
    "a word among values is no field": (
        schema({"properties": {"type": {"type": "string", "enum": ["ClusterIP"]}, "clusterIP": TEXT}}),
        set(),
    ),
    "one source is no choice": (
        schema({"properties": {"disk": ref("x.DiskSource")}}, **{"x.DiskSource": THING}),
        set(),
    ),
    "nothing": (schema({"properties": {"a": THING, "b": THING}}), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_groups_are_found_by_each_rule(case: str) -> None:
    given, expected = CASES[case]
    assert {group.names for group in unions.groups(given)} == expected


LISTED = schema(
    {
        "properties": {
            "items": {
                "type": "array",
                "items": CASES["said"][0].plain | {"properties": {"key": TEXT, "a": THING, "b": THING}},
                "x-kubernetes-list-map-keys": ["key"],
            },
            "whole": CASES["said"][0].plain | {"x-kubernetes-map-type": "atomic"},
        }
    }
)


def test_what_goes_is_found_in_lists_by_key_and_nowhere_in_what_is_taken_whole() -> None:
    wanted = {"items": [{"key": "y", "b": {}}, {"key": "x", "a": {"size": "1"}}], "whole": {"a": {}}}
    there = {"items": [{"key": "x", "b": {}}, {"key": "z", "a": {}}], "whole": {"b": {}}}
    (choice,) = unions.choices(wanted, there, LISTED)
    assert (choice.path, choice.strays) == (("items", (("key", "x"),)), frozenset({"b"}))
    swapped = unions.swapped(there, choice.path, choice.group.names, unions.at(wanted, choice.path))
    assert swapped["items"] == [{"key": "x", "a": {"size": "1"}}, {"key": "z", "a": {}}]
    assert list(unions.choices(wanted, swapped, LISTED)) == []


def test_without_a_wanted_one_nothing_goes() -> None:
    """What is there may be a default, and nothing excludes it."""
    assert list(unions.choices({"items": [{"key": "x"}]}, {"items": [{"key": "x", "b": {}}]}, LISTED)) == []


def test_a_discriminator_says_what_goes_though_nothing_stands_in_its_place() -> None:
    given = CASES["by type"][0]
    (choice,) = unions.choices({"type": "Green"}, {"type": "Blue", "blue": {"size": "1"}}, given)
    assert choice.strays == {"blue"}
    assert list(unions.choices({"type": "Blue"}, {"type": "Blue", "blue": {"size": "1"}}, given)) == []
