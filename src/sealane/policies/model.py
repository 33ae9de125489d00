"""Policies and their decisions. Pure: knows nothing about files, CEL or clusters.

The terms are those of Kubernetes' ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1), so that one file means
the same in the pipeline and in the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from sealane.findings import Finding, Place, Severity


class Effect(StrEnum):
    """The consequence of a policy that is not met; the gravest first."""

    DENY = "deny"
    """Nothing is deployed."""
    SIGN_OFF = "sign-off"
    """A person has to approve first."""
    WARN = "warn"
    """It is only reported."""


class Scope(StrEnum):
    """The objects that a policy sees."""

    OBJECT = "object"
    """One object, like on the API server."""
    RELEASE = "release"
    """One object and, as `objects`, all that are rendered with it. Only Sealane can evaluate it."""


class Verdict(StrEnum):
    """The overall result of all decisions."""

    PASSES = "passes"
    NEEDS_SIGN_OFF = "needs sign-off"
    DENIED = "denied"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceRule:
    """Requests that match; `*` stands for all."""

    groups: tuple[str, ...]
    versions: tuple[str, ...]
    resources: tuple[str, ...]
    operations: tuple[str, ...]
    scope: str = "*"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One of a label selector's `matchExpressions`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Objects that match: one of `rules`, none of `excluded`, and the labels."""

    rules: tuple[ResourceRule, ...] = ()
    excluded: tuple[ResourceRule, ...] = ()
    any_version: bool = True
    """matchPolicy Equivalent: group and resource decide; the API server converts between versions."""
    objects: tuple[Requirement, ...] = ()
    """The objectSelector."""
    namespaces: tuple[Requirement, ...] = ()
    """The namespaceSelector."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """A ValidatingAdmissionPolicyBinding: where a policy applies, and its effect."""

    name: str
    effect: Effect
    match: Match


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedExpression:
    """A variable or a match condition."""

    name: str
    expression: str
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """One CEL expression that must be true."""

    expression: str
    message: str = ""
    message_expression: str = ""
    reason: str = "Invalid"
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One ValidatingAdmissionPolicy with Sealane's annotations."""

    engine: ClassVar[str] = "cel"
    name: str
    effect: Effect | None = None
    """From an annotation; None: the effect of the matching bindings, or `deny` without bindings."""
    scope: Scope = Scope.OBJECT
    hint: str = ""
    match: Match
    bindings: tuple[Binding, ...] = ()
    """Bindings in the same files, one of which must match; none: the policy applies everywhere."""
    takes_params: bool = False
    ignores_errors: bool = False
    """failurePolicy Ignore: objects pass when an expression can't be evaluated."""
    conditions: tuple[NamedExpression, ...] = ()
    variables: tuple[NamedExpression, ...] = ()
    validations: tuple[Validation, ...]
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Facts about the destination of objects; rules read them as `params.data.NAME`, always text."""

    environment: str
    production: bool = False
    namespace: str = ""
    app: str = ""
    formation: str = ""
    registries: tuple[str, ...] = ()
    """Globs of the allowed images, such as `registry.example.com/shop/*`; empty: any."""
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the namespace, if known; its name is always one of them."""

    def params(self) -> dict[str, Any]:
        """These facts as a ConfigMap, like in a cluster."""
        data = {
            "environment": self.environment,
            "production": "true" if self.production else "false",
            "namespace": self.namespace,
            "app": self.app,
            "formation": self.formation,
            "registries": "\n".join(self.registries),
        }
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "sealane-facts"},
            "data": {name: value for name, value in data.items() if value},
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The object of a decision."""

    kind: str
    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field of an object, such as `spec.template.spec.containers[name=web].image`, and its source."""

    path: str
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One policy that one object violates, and how to fix it."""

    effect: Effect
    policy: str
    message: str
    hint: str
    subject: Subject
    fields: tuple[Field, ...] = ()
    """The wrong fields, if known."""
    written: Place
    """The object's source."""
    failed: bool = False
    """The policy could not be evaluated; it counts as not met."""

    @property
    def path(self) -> str | None:
        """The first wrong field."""
        return self.fields[0].path if self.fields else None

    @property
    def place(self) -> Place:
        """The source of the first wrong field, or else of the object."""
        return self.fields[0].place if self.fields else self.written

    @property
    def finding(self) -> Finding:
        """The decision as a finding; only denials are errors."""
        severity = Severity.ERROR if self.effect is Effect.DENY else Severity.WARNING
        hint = " ".join(self.hint.split()) or None
        message = f"{self.policy}: {self.subject}: {self.message}"
        return Finding(message=message, place=self.place, hint=hint, severity=severity)

    def to_json(self) -> dict[str, Any]:
        """Plain data for `--json` and the store."""
        return {
            "effect": self.effect.value,
            "policy": self.policy,
            "message": self.message,
            "hint": self.hint,
            "object": {"kind": self.subject.kind, "namespace": self.subject.namespace, "name": self.subject.name},
            "path": self.path,
            "fields": [{"path": field.path, **_written(field.place)} for field in self.fields],
            **_written(self.place),
            "failed": self.failed,
        }


def _written(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}
