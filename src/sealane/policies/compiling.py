"""Policies to compiled rules: types checked as the API server checks them, each policy once. Pure.

For the check `variables.NAME` is a name with a type of its own. For the run all is composed into single expressions,
where a variable is evaluated only when it is needed, as on the API server; what most objects come to, that they meet
every validation, then takes one evaluation.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.clients import cel
from sealane.findings import Finding, Place, did_you_mean
from sealane.policies import language
from sealane.policies.model import NamedExpression, Policy, Scope, Validation

_OF_OBJECT = frozenset({"object", "oldObject", "request", "namespaceObject"})
_PORTABLE = re.compile(r"(?:bool|int|double|string|null_type|dyn|list|map|[<>, ])+")
"""Types whose values can leave the engine and come back as they were."""
_FORGOTTEN = re.compile(r"kubernetes\.|net\.|optional_type")
"""Types that the API server forgets in a variable: quantities, addresses, optionals."""
_ONLY_IN_CLUSTERS = {
    "authorizer": "only a cluster knows who may do what; keep such a rule to the cluster",
    "objects": "only a policy annotated sealane.dev/scope: release sees all objects",
    "params": "say paramKind: {apiVersion: v1, kind: ConfigMap} to get the facts of the environment",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One validation, ready to run."""

    validation: Validation
    expression: cel.Expression
    message: cel.Expression | None
    """The messageExpression, when it has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """A policy, ready to run."""

    policy: Policy
    conditions: tuple[tuple[NamedExpression, cel.Expression], ...]
    everything: cel.Expression
    """True when every validation is met."""
    checks: tuple[Check, ...]
    paths: cel.Expression | None
    """The variable `paths`, a list of the fields that are meant, when the policy has one."""
    once: Mapping[str, cel.Expression]
    """Variables that are the same for every object, by the names they are bound to for all other expressions."""
    variables: tuple[tuple[str, cel.Expression], ...]
    """All variables, to tell which of them fails."""


@functools.lru_cache(maxsize=1024)
def compiled(policy: Policy) -> Compiled:
    """The policy ready to run; raises cel.Uncompilable, which `problems` gives as findings."""
    scope = _scope(policy)
    known = {name: bound for name, (bound, _) in scope.once.items()}
    rest = [(each.name, each.expression) for each in policy.variables if each.name not in scope.once]
    names = {**scope.names, **dict.fromkeys(known.values(), "dyn")}

    def run(source: str) -> cel.Expression:
        return language.language().compile(language.composed(source, rest, known), names, binds=True)

    return Compiled(
        policy=policy,
        conditions=tuple((each, _plain(each.expression, scope.names)) for each in policy.conditions),
        everything=run("\n&& ".join(f"({each.expression}\n)" for each in policy.validations)),
        checks=tuple(
            Check(
                validation=each,
                expression=run(each.expression),
                message=run(each.message_expression) if each.message_expression else None,
            )
            for each in policy.validations
        ),
        paths=run("variables.paths") if any(each.name == "paths" for each in policy.variables) else None,
        once={bound: language.language().compile(text, scope.names, binds=True) for bound, text in scope.once.values()},
        variables=tuple((each.name, run(f"variables.{each.name}")) for each in policy.variables),
    )


@functools.lru_cache(maxsize=1024)
def problems(policy: Policy) -> tuple[Finding, ...]:
    """What is wrong with the policy's expressions; all of it."""
    scope = _scope(policy)
    found = list(scope.findings)
    for condition in policy.conditions:
        found += _checked(condition.expression, scope.names, condition.place, "bool", "a match condition")
    for validation in policy.validations:
        found += _checked(validation.expression, scope.typed, validation.place, "bool", "a validation")
        if validation.message_expression:
            found += _checked(
                validation.message_expression, scope.typed, validation.place, "string", "a messageExpression"
            )
    return tuple(found)


@dataclass(kw_only=True, slots=True)
class _Scope:
    """The names that a policy's expressions may use."""

    names: dict[str, Any]
    """What is there without variables."""
    typed: dict[str, Any]
    """With all variables, for the check."""
    once: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Variables that don't look at the object: the name each is bound to, and its whole expression."""
    findings: list[Finding] = field(default_factory=list)


@functools.lru_cache(maxsize=1024)
def _scope(policy: Policy) -> _Scope:
    names: dict[str, Any] = {
        "object": "dyn",
        "oldObject": "dyn",
        "request": "dyn",
        "namespaceObject": "dyn",
    }
    if policy.takes_params:
        names["params"] = "dyn"
    if policy.scope is Scope.RELEASE:
        names["objects"] = "list<dyn>"
    scope = _Scope(names=names, typed=dict(names))
    constant: list[tuple[str, str]] = []
    for variable in policy.variables:
        try:
            expression = _plain(variable.expression, scope.typed)
        except cel.Uncompilable as error:
            scope.findings += _findings(error, variable.expression, variable.place, scope.typed)
            kind, portable = "dyn", False
        else:
            kind = "dyn" if _FORGOTTEN.match(expression.result) else expression.type
            portable = _PORTABLE.fullmatch(expression.result) is not None
        scope.typed[f"variables.{variable.name}"] = kind
        source = variable.expression
        if portable and not language.words(source) & _OF_OBJECT and language.used_variables(source) <= set(scope.once):
            constant.append((variable.name, source))
            text = language.composed(f"variables.{variable.name}", constant, {})
            scope.once[variable.name] = f"sealane_once_{hashlib.sha256(text.encode()).hexdigest()[:16]}", text
    return scope


def _plain(source: str, names: Mapping[str, Any]) -> cel.Expression:
    return language.language().compile(source, names)


def _checked(source: str, names: Mapping[str, Any], place: Place, wanted: str, what: str) -> Iterator[Finding]:
    try:
        expression = _plain(source, names)
    except cel.Uncompilable as error:
        yield from _findings(error, source, place, names)
        return
    if language.KNOWN.get(source.strip(), expression.result) != wanted:
        message = f"{what} must evaluate to {wanted} but this one to {expression.result}"
        mend = f"compare it, as in {' '.join(source.split())} == true" if wanted == "bool" else "wrap it in string(…)"
        yield Finding(message=message, place=place, mend=mend)


def _findings(error: cel.Uncompilable, source: str, place: Place, names: Mapping[str, Any]) -> Iterator[Finding]:
    for line, column, message in error.complaints:
        where = (
            f"line {line}, column {column} of the expression"
            if "\n" in source
            else f"column {column} of the expression"
        )
        yield Finding(message=f"{_worded(message)}, at {where}", place=place, mend=_mend(message, names))


def _worded(message: str) -> str:
    return message.removesuffix(" (in container '')")


def _mend(message: str, names: Mapping[str, Any]) -> str | None:
    if "undeclared reference to '" not in message:
        return None
    name = message.split("'")[1]
    root, _, rest = name.partition(".")
    if root == "variables":
        variables = [each.partition(".")[2] for each in names if each.startswith("variables.")]
        return did_you_mean(rest, variables) if variables else "there are no variables here; match conditions see none"
    return _ONLY_IN_CLUSTERS.get(root) or did_you_mean(root, names)
