"""Compiles policies to rules: checks types like the API server does, each policy once. Pure.

For the check, `variables.NAME` is a name with a type of its own. For the run, everything is combined into single
expressions, where a variable is evaluated only when it is needed, like on the API server; so the usual case, an object
that meets all validations, takes one evaluation.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.clients import cel, cel_errors
from sealane.findings import Finding, Place, did_you_mean
from sealane.policies import language
from sealane.policies.model import NamedExpression, Policy, Scope, Validation

_OF_OBJECT = frozenset({"object", "oldObject", "request", "namespaceObject"})
_PORTABLE = re.compile(r"(?:bool|int|double|string|null_type|dyn|list|map|[<>, ])+")
"""Types whose values stay the same outside the engine."""
_FORGOTTEN = re.compile(r"kubernetes\.|net\.|optional_type")
"""Types that the API server loses in a variable: quantities, addresses, optionals."""
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
    """The messageExpression, if any."""


class Compiled:
    """A policy, ready to run; the parts for refusals are only compiled for the first one.

    Each part raises cel.Uncompilable for the problems that `problems` returns as findings.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._scope = _scope(policy)
        self._known = {name: bound for name, (bound, _) in self._scope.once.items()}
        self._names = {**self._scope.names, **dict.fromkeys(self._known.values(), "dyn")}

    @functools.cached_property
    def everything(self) -> cel.Expression:
        """True when every validation is met."""
        return self._composed("\n&& ".join(f"({validation.expression}\n)" for validation in self.policy.validations))

    @functools.cached_property
    def conditions(self) -> tuple[tuple[NamedExpression, cel.Expression], ...]:
        """The match conditions."""
        return tuple(
            (condition, _plain(condition.expression, self._scope.names)) for condition in self.policy.conditions
        )

    @functools.cached_property
    def checks(self) -> tuple[Check, ...]:
        """The validations, one by one."""
        return tuple(
            Check(
                validation=validation,
                expression=self._composed(validation.expression),
                message=self._composed(validation.message_expression) if validation.message_expression else None,
            )
            for validation in self.policy.validations
        )

    @functools.cached_property
    def paths(self) -> cel.Expression | None:
        """The variable `paths`, a list of the affected fields, if the policy has one."""
        there = any(variable.name == "paths" for variable in self.policy.variables)
        return self._composed("variables.paths") if there else None

    @functools.cached_property
    def once(self) -> Mapping[str, cel.Expression]:
        """Variables that are the same for every object, by their names in all other expressions."""
        names, sources = self._scope.names, dict(self._scope.once.values())
        return {bound: language.language().compile(text, names, binds=True) for bound, text in sources.items()}

    @functools.cached_property
    def variables(self) -> tuple[tuple[str, cel.Expression], ...]:
        """All variables, to find the one that fails."""
        return tuple(
            (variable.name, self._composed(f"variables.{variable.name}")) for variable in self.policy.variables
        )

    def _composed(self, source: str) -> cel.Expression:
        rest = [
            (variable.name, variable.expression)
            for variable in self.policy.variables
            if variable.name not in self._known
        ]
        text = language.composed(source, rest, self._known)
        return language.language().compile(text, self._names, binds=True)


@functools.lru_cache(maxsize=1024)
def compiled(policy: Policy) -> Compiled:
    """The policy ready to run, compiled once."""
    return Compiled(policy)


@functools.lru_cache(maxsize=1024)
def problems(policy: Policy) -> tuple[Finding, ...]:
    """All problems of the policy's expressions."""
    scope = _scope(policy)
    findings = list(scope.findings)
    for condition in policy.conditions:
        findings += _checked(condition.expression, scope.names, condition.place, "bool", "a match condition")
    for validation in policy.validations:
        findings += _checked(validation.expression, scope.typed, validation.place, "bool", "a validation")
        if validation.message_expression:
            findings += _checked(
                validation.message_expression, scope.typed, validation.place, "string", "a messageExpression"
            )
    return tuple(findings)


@dataclass(kw_only=True, slots=True)
class _Scope:
    """The names that a policy's expressions may use."""

    names: dict[str, Any]
    """The names without variables."""
    typed: dict[str, Any]
    """With all variables, for the check."""
    once: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Variables that don't use the object: the name of each, and its whole expression."""
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
        except cel_errors.Uncompilable as error:
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


def _checked(source: str, names: Mapping[str, Any], place: Place, wanted: str, subject: str) -> Iterator[Finding]:
    try:
        expression = _plain(source, names)
    except cel_errors.Uncompilable as error:
        yield from _findings(error, source, place, names)
        return
    if language.KNOWN.get(source.strip(), expression.result) != wanted:
        message = f"{subject} must evaluate to {wanted} but this one to {expression.result}"
        hint = f"compare it, as in {' '.join(source.split())} == true" if wanted == "bool" else "wrap it in string(…)"
        yield Finding(message=message, place=place, hint=hint)


def _findings(error: cel_errors.Uncompilable, source: str, place: Place, names: Mapping[str, Any]) -> Iterator[Finding]:
    for line, column, message in error.complaints:
        where = (
            f"line {line}, column {column} of the expression"
            if "\n" in source
            else f"column {column} of the expression"
        )
        yield Finding(message=f"{_worded(message)}, at {where}", place=place, hint=_hint(message, names))


def _worded(message: str) -> str:
    return message.removesuffix(" (in container '')")


def _hint(message: str, names: Mapping[str, Any]) -> str | None:
    if "undeclared reference to '" not in message:
        return None
    name = message.split("'")[1]
    root, _, rest = name.partition(".")
    if root == "variables":
        variables = [name.partition(".")[2] for name in names if name.startswith("variables.")]
        return did_you_mean(rest, variables) if variables else "there are no variables here; match conditions see none"
    return _ONLY_IN_CLUSTERS.get(root) or did_you_mean(root, names)
