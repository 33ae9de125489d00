"""What is taken over from past owners of an object, and what trees of fields come to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.destinations.kubernetes import managed_fields, unions
from sealane.destinations.kubernetes.field_trees import both, lacking, less, shared, without

Tree = dict[str, Any]

NAMES = st.sampled_from(["f:a", "f:b", "f:c", 'k:{"name":"x"}', 'k:{"name":"y"}'])
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)


def record(manager: str, operation: str = "Update", fields: Tree | None = None, **more: Any) -> Tree:
    given = {"f:spec": {"f:a": {}}} if fields is None else fields
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": given, **more}


def found(*records: Tree) -> Tree:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"managedFields": list(records)}}


def owners(records: list[managed_fields.Record] | None) -> list[tuple[str, str]]:
    return [(entry["manager"], entry["operation"]) for entry in records or []]


@given(TREES, TREES)
def test_what_both_have_and_what_only_one_has_make_the_whole_again(one: Tree, other: Tree) -> None:
    """As with sets: a difference and an intersection lose nothing, and taking away twice changes nothing."""
    assert both(less(one, other), shared(one, other)).keys() == one.keys()
    assert both(one, one) == one
    assert less(one, one) == {}
    assert less(less(one, other), other) == less(one, other)
    assert both(one, other).keys() == both(other, one).keys()


LEAVES: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 3),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, min_size=1, max_size=3),
        st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True).map(
            lambda names: [{"name": name, "value": index} for index, name in enumerate(names)]
        ),
    ),
    max_leaves=10,
)


def fields_of(node: Any) -> Tree:
    if isinstance(node, dict):
        return {f"f:{key}": fields_of(value) for key, value in node.items()}
    if isinstance(node, list):
        return {f'k:{{"name":"{item["name"]}"}}': {".": {}, **fields_of(item)} for item in node}
    return {}


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), LEAVES, max_size=3))
def test_an_object_lacks_nothing_of_its_own_and_all_of_it_once_it_is_taken_away(node: Tree) -> None:
    fields = fields_of(node)
    assert lacking(fields, node) == {}
    assert without(node, fields) == {}
    assert without(node, {}) == node


@pytest.mark.parametrize(
    "manager",
    [
        "kubectl-client-side-apply",
        "kubectl-create",
        "kubectl-edit",
        "kubectl-patch",
        "kubectl-set",
        "kubectl",
        "before-first-apply",
        "helm",
    ],
)
def test_an_adoption_takes_over_what_commands_recorded(manager: str) -> None:
    there = found(record(manager), record("kube-controller-manager", subresource="status"))
    taken = managed_fields.with_ownership(there, {}, adopting=True)
    assert owners(taken) == [("sealane", "Apply"), ("kube-controller-manager", "Update")]


@pytest.mark.parametrize("manager", ["kube-controller-manager", "argocd-controller", "pacer", "kubectl-rollout"])
def test_whoever_lives_keeps_what_is_theirs(manager: str) -> None:
    """And so does the annotation of a restart, without which all pods would be made anew."""
    assert managed_fields.with_ownership(found(record(manager)), {}, adopting=True) is None


def test_a_subresource_is_nobodys_manifest() -> None:
    assert managed_fields.with_ownership(found(record("kubectl", subresource="scale")), {}, adopting=True) is None


def test_several_records_become_one_and_another_versions_stays() -> None:
    """Fields of one version can't be told in another's words."""
    old = {"f:spec": {"f:b": {}}}
    there = found(
        record("kubectl-create"), record("kubectl-edit", fields=old), record("helm", apiVersion="apps/v1beta2")
    )
    taken = managed_fields.with_ownership(there, {}, adopting=True) or []
    assert owners(taken) == [("sealane", "Apply"), ("helm", "Update")]
    assert taken[0]["fieldsV1"] == {"f:spec": {"f:a": {}, "f:b": {}}}


def test_of_ones_own_objects_only_a_second_declaration_and_what_was_given_up_is_taken() -> None:
    own = record("sealane", "Apply", {"f:spec": {"f:a": {}, "f:b": {}}})
    beside = record("kubectl-edit", fields={"f:spec": {"f:c": {}}})
    given_up = record("kubectl-set", fields={"f:spec": {"f:b": {}, "f:d": {}}})
    declared = record("kubectl-client-side-apply", fields={"f:spec": {"f:e": {}}})
    taken = (
        managed_fields.with_ownership(found(own, beside, given_up, declared), {"spec": {"a": 1}}, adopting=False) or []
    )
    assert [entry["fieldsV1"]["f:spec"].keys() for entry in taken] == [{"f:a", "f:b", "f:e"}, {"f:c"}, {"f:d"}]
    assert managed_fields.with_ownership(found(*taken), {"spec": {"a": 1}}, adopting=False) is None, "twice is once"


def test_a_controller_that_holds_what_was_given_up_is_told() -> None:
    own = record("sealane", "Apply", {"f:spec": {"f:a": {}, "f:b": {}}})
    pacer = record("pacer", "Apply", {"f:spec": {"f:b": {}}})
    there = found(own, pacer)
    assert managed_fields.holders(there, {"spec": {"a": 1}}) == [("pacer", {"f:spec": {"f:b": {}}})]
    assert managed_fields.going(there, {"spec": {"a": 1}}) == {}
    after = found(record("sealane", "Apply"), pacer)
    kept = managed_fields.keeping(after, fields={"f:spec": {"f:b": {}}}) or []
    assert managed_fields.holders(found(*kept), {"spec": {"a": 1}}) == [("pacer", {"f:spec": {"f:b": {}}})]
    assert managed_fields.keeping(found(*kept), fields={"f:spec": {"f:b": {}}}) is None


def test_strays_become_sealanes_whoever_has_them() -> None:
    path: unions.Path = ("spec", "ports", (("port", 80), ("protocol", "TCP")))
    group = unions.Group(members={"name": None, "number": None})
    stray = unions.Choice(path=path, group=group, strays=frozenset({"number"}))
    item = 'k:{"port":80,"protocol":"TCP"}'
    theirs = record("pacer", fields={"f:spec": {"f:ports": {item: {"f:number": {}}}}})
    taken = managed_fields.with_ownership(found(theirs), {}, adopting=False, strays=[stray]) or []
    assert owners(taken) == [("sealane", "Apply")]
    assert taken[0]["fieldsV1"] == {"f:spec": {"f:ports": {item: {"f:number": {}}}}}


def test_only_more_than_there_was_is_worth_writing() -> None:
    """A first apply owns less than its creation did: that alone is not written."""
    wide, narrow = (
        found(record("sealane", "Apply", {"f:spec": fields})) for fields in ({"f:a": {}, "f:b": {}}, {"f:a": {}})
    )
    assert managed_fields.gains(narrow, wide)
    assert not managed_fields.gains(wide, narrow)
