"""Policies to compiled rules: types checked as the API server checks them, each policy once. Pure.

For the check `variables.NAME` is a name with a type of its own. For the run all is composed into single expressions,
where a variable is evaluated only when it is needed, as on the API server; what most objects come to, that they meet
every validation, then takes one evaluation.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.clients import cel
from sealane.findings import Finding, Place, did_you_mean
from sealane.policies import language
from sealane.policies.model import NamedExpression, Policy, Scope, Validation

_OF_OBJECT = frozenset({"object", "oldObject", "request", "namespaceObject"})
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
    once: tuple[tuple[str, cel.Expression], ...]
    """Variables of a release rule that are the same for every object: evaluated once, bound as data."""
    variables: tuple[tuple[str, cel.Expression], ...]
    """The other variables, to tell which of them fails."""


@functools.lru_cache(maxsize=1024)
def compiled(policy: Policy) -> Compiled:
    """The policy ready to run; raises cel.Uncompilable, which `problems` gives as findings."""
    scope = _scope(policy)
    once = [each for each in policy.variables if each.name in scope.once]
    rest = [(each.name, each.expression) for each in policy.variables if each.name not in scope.once]

    def run(source: str) -> cel.Expression:
        return language.language().compile(language.composed(source, rest), scope.bound, binds=True)

    everything = "\n&& ".join(f"({each.expression}\n)" for each in policy.validations)
    return Compiled(
        policy=policy,
        conditions=tuple((each, _plain(each.expression, scope.names)) for each in policy.conditions),
        everything=run(everything),
        checks=tuple(
            Check(
                validation=each,
                expression=run(each.expression),
                message=run(each.message_expression) if each.message_expression else None,
            )
            for each in policy.validations
        ),
        paths=run("variables.paths") if any(each.name == "paths" for each in policy.variables) else None,
        once=tuple((each.name, _plain(each.expression, scope.bound)) for each in once),
        variables=tuple((name, run(f"variables.{name}")) for name, _ in rest),
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
    bound: dict[str, Any]
    """With the variables that are evaluated once, for the run."""
    once: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


@functools.lru_cache(maxsize=1024)
def _scope(policy: Policy) -> _Scope:
    names: dict[str, Any] = {"object": "dyn", "oldObject": "dyn", "request": "dyn", "namespaceObject": "dyn"}
    if policy.takes_params:
        names["params"] = "dyn"
    if policy.scope is Scope.RELEASE:
        names["objects"] = "list<dyn>"
    scope = _Scope(names=names, typed=dict(names), bound=dict(names))
    for variable in policy.variables:
        try:
            expression = _plain(variable.expression, scope.typed)
        except cel.Uncompilable as error:
            scope.findings += _findings(error, variable.expression, variable.place, scope.typed)
            kind: Any = "dyn"
        else:
            kind = "dyn" if _is_own(expression.result) else expression.type
        scope.typed[f"variables.{variable.name}"] = kind
        if policy.scope is Scope.RELEASE and _is_constant(variable, scope.once):
            scope.once.add(variable.name)
            scope.bound[f"variables.{variable.name}"] = "dyn"
    return scope


def _is_own(kind: str) -> bool:
    """Types the API server forgets in a variable: its quantities, addresses and the like."""
    return kind.startswith(("kubernetes.", "net.", "optional_type"))


def _is_constant(variable: NamedExpression, constant: set[str]) -> bool:
    source = variable.expression
    return not language.words(source) & _OF_OBJECT and language.used_variables(source) <= constant


def _plain(source: str, names: Mapping[str, Any]) -> cel.Expression:
    return language.language().compile(language.prepared(source), names)


def _checked(source: str, names: Mapping[str, Any], place: Place, wanted: str, what: str) -> Iterator[Finding]:
    try:
        expression = _plain(source, names)
    except cel.Uncompilable as error:
        yield from _findings(error, source, place, names)
        return
    if expression.result != wanted:
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
    return _ONLY_IN_CLUSTERS.get(name) or did_you_mean(name, names)
