"""Code decides on facts (fields, enums, types of errors), never on what a sentence says.

What an outside system tells only in a text is read where it comes in, by the packages of `READERS`; the rest of the
exceptions is `REVIEWED`, each with what gives nothing but text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture import trees

SENTENCES = {"answer", "message", "note", "reason", "said", "sentence", "text", "waiting_for", "why", "words"}
"""Fields that hold what people read."""
READERS = {
    "clients": "engines, registries, git and clusters tell much in texts alone",
    "destinations/kubernetes/messages": "what kubelets, controllers and admission write into events and conditions",
}
REVIEWED = {
    "destinations/kubernetes/converge/scheduling.py::_complete": "an event says which volume it is about",
    "destinations/kubernetes/converge/scheduling.py::unplaced": "the scheduler says in a condition what it lacks",
    "policies/compiler.py::_hint": "the CEL library has texts, and no codes, for what it can't compile",
    "formations/health_checks.py::_findings": "the CEL library has texts, and no codes, for what it can't compile",
    "stencils/rendering_checks.py::_use": "whether a stencil's file has a placeholder",
    "workflows/steps/policies.py::on_unbuilt": "a policy of the operators that names no field has its message alone",
}


def asks(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions whose text an expression decides on."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for index, operation in enumerate(node.ops):
            if isinstance(operation, ast.In | ast.NotIn):
                yield sides[index + 1]
            elif isinstance(operation, ast.Eq | ast.NotEq) and any(map(is_prose, sides[index : index + 2])):
                yield from sides[index : index + 2]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in {"startswith", "endswith"}:
            yield node.func.value
        elif node.func.attr in {"search", "match", "fullmatch"}:
            yield from node.args


def is_prose(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def is_sentence(node: ast.expr) -> bool:
    """A field of `SENTENCES`, a local called so, or an error as text, whatever is done to its letters."""
    if isinstance(node, ast.BoolOp):
        return any(is_sentence(value) for value in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        return is_sentence(node.func.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return any(isinstance(argument, ast.Name) and argument.id in {"error", "problem"} for argument in node.args)
    if isinstance(node, ast.Name):
        return node.id in {"message", "sentence", "reason", "note"}
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value in SENTENCES
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES


def found(nodes: Iterable[ast.AST], name: str) -> Iterator[str]:
    """`file::function` of every decision on a sentence."""
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append(node)
        elif isinstance(node, ast.Compare | ast.Call) and any(is_sentence(ask) for ask in asks(node)):
            around = [
                function.name for function in functions if function.lineno <= node.lineno <= (function.end_lineno or 0)
            ]
            yield f"{name}::{around[-1] if around else ''}"


def test_no_code_decides_on_a_sentence() -> None:
    listed = [
        place
        for name in trees.texts()
        if not name.startswith(tuple(f"{reader}/" for reader in READERS))
        for place in found(trees.nodes(name), name)
    ]
    assert sorted(set(listed) - set(REVIEWED)) == [], "make what it decides on a field; see the docstring"
    assert sorted(set(REVIEWED) - set(listed)) == [], "no exception any more: take it out of the list"


@pytest.mark.parametrize(
    "line",
    [
        'if "deadline" in cause.sentence.lower(): pass',
        'if word not in (found.note or ""): pass',
        'late = told.message.startswith("everything is ready")',
        'if error.message == "no such file": pass',
        'if "refused" in str(error): pass',
        "match = PATTERN.search(event.message)",
    ],
)
def test_a_decision_on_a_sentence_is_found(line: str) -> None:
    assert [*found(ast.walk(ast.parse(line)), "x")] == ["x::"]


@pytest.mark.parametrize(
    "line",
    [
        "if cause.reason is FactKind.REFUSED: pass",
        "if cause.reason in BAD: pass",
        'if name.startswith("r-"): pass',
        'told = f"{error.message} in {place}"',
        "for each in found.words: pass",
    ],
)
def test_a_decision_on_a_fact_is_none(line: str) -> None:
    assert [*found(ast.walk(ast.parse(line)), "x")] == []
