"""Expressions taken to pieces and put together."""

from __future__ import annotations

import pytest

from sealane.clients import cel_errors
from sealane.policies import language


def value(source: str, variables: list[tuple[str, str]], **names: object) -> object:
    text = language.composed(source, variables, {})
    expression = language.language().compile(text, dict.fromkeys(names, "dyn"), binds=True)
    return expression.evaluate(language.language().bind(names))


def test_variables_are_bound_around_the_expression_that_uses_them() -> None:
    variables = [("a", "object.x"), ("b", "variables.a + 1"), ("unused", "object.nope")]

    assert language.used_variables("variables.b == 2 && 'variables.a' != ''") == {"b"}
    assert "unused" not in language.composed("variables.b", variables, {})
    assert value("variables.b * 10", variables, object={"x": 1}) == 20


def test_a_variable_that_fails_harms_only_who_needs_it() -> None:
    variables = [("broken", "object.nope")]

    assert value("true || variables.broken", variables, object={}) is True
    with pytest.raises(cel_errors.EvaluationError, match="no such key: nope"):
        value("variables.broken", variables, object={})


def test_a_comment_at_the_end_of_an_expression_swallows_nothing() -> None:
    assert value("variables.a == 1 // one", [("a", "1 // also one")], object={}) is True


def test_what_stands_in_texts_and_fields_is_no_variable() -> None:
    assert language.used_variables("""object.variables.a + "variables.b" + r'variables.c' // variables.d""") == set()


@pytest.mark.parametrize(
    ("source", "chains"),
    [
        ("object.spec.replicas >= 2", {("spec", "replicas")}),
        ("has(object.spec.x) && object.spec.x.y > 1", {("spec", "x", "y")}),
        ("object.spec.containers.all(c, c.object.x)", {("spec", "containers")}),
        ("object.metadata.name.startsWith('object.a')", {("metadata", "name")}),
        ("object.a == object.b", {("a",), ("b",)}),
        ("object['a'] == 1", set()),
        ("params.object.a == 1", set()),
    ],
)
def test_fields_of_the_object_are_found(source: str, chains: set[tuple[str, ...]]) -> None:
    assert language.chains(source, "object") == chains
