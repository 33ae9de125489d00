"""Fields that were given up and stay: which are news, in which words, and how they are carried from apply to apply."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from sealane.clients.kubernetes import errors, schemas
from sealane.destinations import model
from sealane.destinations.kubernetes import field_trees, forbidden, managed_fields, retained, unions
from tests.unit.destinations.test_managed_fields import LEAVES, fields_of, found, record

Tree = dict[str, Any]
REF = model.ObjectRef(group="", version="v1", kind="Service", namespace="x", name="web")


@given(LEAVES, LEAVES)
def test_what_is_carried_is_as_it_is_there_and_the_rest_is_told_apart(mine: Any, there: Any) -> None:
    """Nothing that the manifest says is changed, and no item is added to its lists."""
    wanted, live = {"spec": mine}, {"spec": there}
    gone = field_trees.lacking(fields_of(live), wanted)

    manifest, rest = field_trees.carried(wanted, gone, live)

    put_in = field_trees.less(gone, rest)
    assert field_trees.having(put_in, manifest).keys() == field_trees.having(put_in, live).keys()
    assert retained.news(field_trees.having(put_in, live), live, manifest) == {}
    assert field_trees.lacking(fields_of(wanted), manifest) == {}
    assert sizes(manifest) == sizes(wanted)


def sizes(node: Any) -> Any:
    if isinstance(node, list):
        return len(node)
    return {key: own for key, inner in node.items() if (own := sizes(inner))} if isinstance(node, dict) else None


@given(LEAVES)
def test_what_an_object_made_now_has_too_is_no_news(there: Any) -> None:
    """Whatever it is; and without such an object everything is."""
    fields = field_trees.having(fields_of({"spec": there}), {"spec": there})
    assert retained.news(fields, {"spec": there}, {"spec": there}) == {}
    assert retained.news(fields, {"spec": there}, {}) == fields


def test_an_object_made_for_the_comparison_has_another_name_and_is_read_under_its_own() -> None:
    """What the cluster makes of the name is as it would be."""
    manifest = {"kind": "Namespace", "metadata": {"name": "shop-dev"}}
    made = retained.stand_in(manifest)
    named = made["metadata"]["name"]
    made["metadata"]["labels"] = {"kubernetes.io/metadata.name": named}
    assert named != "shop-dev"
    assert len(named) <= 52, "the longest that a CronJob may have"
    assert retained.renamed(made, manifest)["metadata"] == {
        "name": "shop-dev",
        "labels": {"kubernetes.io/metadata.name": "shop-dev"},
    }


@pytest.mark.parametrize(
    ("field", "left"),
    [
        ("spec.ports[1].nodePort", {"spec": {"ports": [{"port": 1}, {"port": 2}], "type": "NodePort"}}),
        ("spec.ports[0]", {"spec": {"ports": [{"port": 2, "nodePort": 3}], "type": "NodePort"}}),
        ("spec.ports[7].nodePort", None),
        ("spec.nothing.here", None),
        ("", None),
    ],
)
def test_what_a_creation_is_refused_for_is_left_out(field: str, left: Tree | None) -> None:
    """A path that leads nowhere changes nothing."""
    manifest = {"spec": {"ports": [{"port": 1}, {"port": 2, "nodePort": 3}], "type": "NodePort"}}
    assert retained.without_causes(manifest, [errors.Cause(field=field, message="")]) == (left or manifest)


def test_the_words_name_field_value_and_way_out_and_hide_secrets() -> None:
    """A long value is cut; what Sealane itself keeps has other words."""
    fields = {"f:spec": {"f:clusterIP": {}, "f:replicas": {}, "f:notes": {}}}
    live = {"kind": "Service", "apiVersion": "v1", "spec": {"clusterIP": "None", "replicas": 2, "notes": "x" * 99}}
    address, replicas, notes = retained.fields_left(fields, live, REF, ours={"f:spec": {"f:replicas": {}}})
    assert str(address) == (
        'spec.clusterIP stays "None": the cluster keeps it as long as the object lives (write the value that you want, '
        "or make the object anew: give it a new name, or delete the old one by hand)"
    )
    assert str(replicas) == (
        "spec.replicas stays 2: it is left as it is there, for an autoscaler that may come "
        "(write the value that you want)"
    )
    assert f'"{"x" * 79}…' in str(notes)
    secret = {"kind": "Secret", "apiVersion": "v1", "data": {"key": "dmFsdWU="}}
    (hidden,) = retained.fields_left({"f:data": {"f:key": {}}}, secret, REF, ours={})
    assert hidden.value == model.HIDDEN


def test_a_creation_is_recorded_as_the_apply_that_it_stands_for() -> None:
    """Defaults that the cluster put in are nobody's; others' records stay."""
    made = found(record("sealane", fields={"f:spec": {"f:a": {}, "f:default": {}}}), record("pacer"))
    own, other = managed_fields.created(made, {"spec": {"a": 1}}) or []
    assert (own["operation"], own["fieldsV1"]) == ("Apply", {"f:spec": {"f:a": {}}})
    assert other["manager"] == "pacer"
    assert managed_fields.created(found(record("pacer")), {"spec": {}}) is None


# --- what a refusal forbids

ITEM = {"type": "object", "properties": {"name": {"type": "string"}, "hook": {"type": "object"}}}
SCHEMA = schemas.Schema(
    name="",
    plain={
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "ranges": {"type": "array", "items": {"type": "string"}},
                    "inner": {"type": "object", "properties": {"a": {}, "b": {}}},
                    "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {}}},
                    "parts": {"type": "array", "x-kubernetes-list-map-keys": ["name"], "items": ITEM},
                },
            }
        }
    },
    types={},
)
LIVE = {
    **found(record("sealane", "Apply", fields={"f:spec": {"f:inner": {"f:a": {}}}}), record("guard")),
    "spec": {
        "a": 1,
        "ranges": ["x"],
        "inner": {"a": 1, "b": 2},
        "whole": {"a": 1},
        "parts": [{"name": "m", "hook": {}}, {"name": "n", "hook": {}}],
    },
}
WANTED: Tree = {"spec": {"inner": {"a": 1}, "whole": {}, "parts": [{"name": "n"}, {"name": "m", "hook": {}}]}}


@pytest.mark.parametrize(
    ("field", "paths"),
    [
        ("spec.ranges", [("spec", "ranges")]),
        ("spec.Ranges", [("spec", "ranges")]),
        ("spec.inner.b", [("spec", "inner", "b")]),
        ("spec.inner.a", []),
        ("spec.a", []),
        ("spec.whole.a", []),
        ("spec", []),
        ("spec.parts[0].hook", [("spec", "parts", (("name", "n"),), "hook")]),
        ("spec.nothing", []),
        ("", []),
    ],
)
def test_only_a_forbidden_field_that_nobody_asked_for_may_go(field: str, paths: list[unions.Path]) -> None:
    """Not what the manifest sets, not what another manager holds, not a part of what is taken whole."""
    for reason, expected in ((forbidden.REASON, paths), ("FieldValueInvalid", [])):
        refused = errors.Invalid("no", causes=(errors.Cause(field=field, message="", reason=reason),))
        choices = forbidden.strays(refused, WANTED, LIVE, SCHEMA)
        assert [(*choice.path, *choice.strays) for choice in choices] == expected


def test_what_is_wanted_is_put_over_what_is_there_item_by_item() -> None:
    """As an apply does; what is taken whole is replaced."""
    assert forbidden.merged(LIVE["spec"], WANTED["spec"], SCHEMA.field("spec")) == {
        "a": 1,
        "ranges": ["x"],
        "inner": {"a": 1, "b": 2},
        "whole": {},
        "parts": [{"name": "m", "hook": {}}, {"name": "n", "hook": {}}],
    }
