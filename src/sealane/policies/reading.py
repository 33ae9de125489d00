"""Reads policy files: text to policies and findings. Pure: takes texts, reads no files.

A policy with a rule that Sealane can't enforce causes a finding; it never silently passes everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sealane.configfiles import documents, validation
from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding, Place, did_you_mean
from sealane.policies import compiler, files
from sealane.policies.model import (
    Binding,
    Effect,
    Match,
    NamedExpression,
    Policy,
    Requirement,
    ResourceRule,
    Scope,
    Validation,
)

PREFIX = "sealane.dev/"
EFFECT, HINT, SCOPE = f"{PREFIX}effect", f"{PREFIX}hint", f"{PREFIX}scope"
_ANNOTATIONS: Mapping[str, tuple[str, ...]] = {
    EFFECT: tuple(Effect),
    HINT: (),
    SCOPE: tuple(Scope),
}
_ACTIONS = {"Deny": Effect.DENY, "Warn": Effect.WARN, "Audit": Effect.WARN}


def read(texts: Mapping[str, str]) -> tuple[list[Policy], list[Finding]]:
    """All policies of some files, by file name, each with its bindings, and all problems.

    Policies with findings are left out.
    """
    policies: dict[str, Policy] = {}
    bindings: list[tuple[str, Binding, Place]] = []
    findings: list[Finding] = []
    for name, text in texts.items():
        parsed, wrong = documents.read(text, name)
        findings += wrong
        for document in parsed:
            kind = document.value.get("kind") if isinstance(document.value, dict) else None
            if kind == files.POLICY:
                findings += _add(document, policies)
            elif kind == files.BINDING:
                findings += _bind(document, bindings)
            else:
                findings.append(_foreign(document, kind))
    findings += _attach(bindings, policies)
    broken = [finding for policy in policies.values() for finding in compiler.problems(policy)]
    findings += broken
    places = {finding.place.file for finding in broken}
    sound = [policy for policy in policies.values() if policy.place.file not in places or not compiler.problems(policy)]
    return sound, findings


def _add(document: Document, policies: dict[str, Policy]) -> list[Finding]:
    shape, findings = validation.validate(document, files.PolicyFile)
    findings += _annotations(document)
    if shape is None:
        return findings
    findings += _meaning(document, shape)
    if shape.metadata.name in policies:
        other = policies[shape.metadata.name].place
        message = f"policy {shape.metadata.name} is already in {other}"
        findings.append(
            Finding(message=message, place=document.place(("metadata", "name")), hint="give it another name")
        )
    elif not findings:
        policies[shape.metadata.name] = _policy(document, shape)
    return findings


def _meaning(document: Document, shape: files.PolicyFile) -> list[Finding]:
    """Checks that the parts of one policy fit together."""
    findings = []
    params = shape.spec.param_kind
    if params and (params.api_version, params.kind) != ("v1", "ConfigMap"):
        message = f"params can't be a {params.kind} of {params.api_version}"
        hint = "Sealane gives params as a ConfigMap of v1 whose data holds the facts of the environment"
        findings.append(Finding(message=message, place=document.place(("spec", "paramKind")), hint=hint))
    for part, names in (
        ("variables", [variable.name for variable in shape.spec.variables]),
        ("matchConditions", [match_condition.name for match_condition in shape.spec.match_conditions]),
    ):
        twice = {index for index, name in enumerate(names) if name in names[:index]}
        findings += [
            Finding(message=f"{names[index]} is given twice", place=document.place(("spec", part, index, "name")))
            for index in sorted(twice)
        ]
    return findings


def _annotations(document: Document) -> list[Finding]:
    """Checks Sealane's own annotations as strictly as keys."""
    metadata = document.value.get("metadata")
    given = metadata.get("annotations") if isinstance(metadata, dict) else None
    findings = []
    for name, value in (given if isinstance(given, dict) else {}).items():
        path: Path = ("metadata", "annotations", name)
        if not name.startswith(PREFIX):
            continue
        if name not in _ANNOTATIONS:
            place, hint = document.key_place(path), did_you_mean(name, _ANNOTATIONS)
            findings.append(Finding(message=f"unknown annotation {name}", place=place, hint=hint))
        elif (words := _ANNOTATIONS[name]) and value not in words:
            hint = did_you_mean(str(value), words)
            message = f"{name} can't be {document.written.get(path) or repr(value)}"
            findings.append(Finding(message=message, place=document.place(path), hint=hint))
    return findings


def _policy(document: Document, shape: files.PolicyFile) -> Policy:
    spec, annotations = shape.spec, shape.metadata.annotations
    return Policy(
        name=shape.metadata.name,
        effect=Effect(annotations[EFFECT]) if EFFECT in annotations else None,
        scope=Scope(annotations.get(SCOPE, Scope.OBJECT)),
        hint=" ".join(annotations.get(HINT, "").split()),
        match=_match(spec.match_constraints),
        takes_params=spec.param_kind is not None,
        ignores_errors=spec.failure_policy == "Ignore",
        conditions=_named(document, "matchConditions", spec.match_conditions),
        variables=_named(document, "variables", spec.variables),
        validations=tuple(
            Validation(
                expression=validation_file.expression,
                message=validation_file.message or "",
                message_expression=validation_file.message_expression or "",
                reason=validation_file.reason,
                place=document.place(("spec", "validations", index, "expression")),
            )
            for index, validation_file in enumerate(spec.validations)
        ),
        place=document.place(()),
    )


def _named(
    document: Document, part: str, items: Iterable[files.ConditionFile | files.VariableFile]
) -> tuple[NamedExpression, ...]:
    return tuple(
        NamedExpression(
            name=item.name,
            expression=item.expression,
            place=document.place(("spec", part, index, "expression")),
        )
        for index, item in enumerate(items)
    )


def _match(shape: files.MatchFile) -> Match:
    return Match(
        rules=tuple(map(_rule, shape.resource_rules)),
        excluded=tuple(map(_rule, shape.exclude_resource_rules)),
        any_version=shape.match_policy == "Equivalent",
        objects=_requirements(shape.object_selector),
        namespaces=_requirements(shape.namespace_selector),
    )


def _rule(shape: files.ResourceRuleFile) -> ResourceRule:
    return ResourceRule(
        groups=tuple(shape.api_groups),
        versions=tuple(shape.api_versions),
        resources=tuple(shape.resources),
        operations=tuple(shape.operations),
        scope=shape.scope,
        names=tuple(shape.resource_names),
    )


def _requirements(shape: files.SelectorFile | None) -> tuple[Requirement, ...]:
    if shape is None:
        return ()
    equal = [Requirement(key=key, operator="In", values=(value,)) for key, value in shape.match_labels.items()]
    return (
        *equal,
        *(
            Requirement(
                key=match_expression.key, operator=match_expression.operator, values=tuple(match_expression.values)
            )
            for match_expression in shape.match_expressions
        ),
    )


def _bind(document: Document, bindings: list[tuple[str, Binding, Place]]) -> list[Finding]:
    shape, findings = validation.validate(document, files.BindingFile)
    if shape is None:
        return findings
    effects = {_ACTIONS[action] for action in shape.spec.validation_actions}
    binding = Binding(
        name=shape.metadata.name,
        effect=next(effect for effect in Effect if effect in effects),
        match=_match(shape.spec.match_resources or files.MatchFile()),
    )
    bindings.append((shape.spec.policy_name, binding, document.place(("spec", "policyName"))))
    return []


def _attach(bindings: Iterable[tuple[str, Binding, Place]], policies: dict[str, Policy]) -> list[Finding]:
    findings = []
    for name, binding, place in bindings:
        if policy := policies.get(name):
            policies[name] = replace(policy, bindings=(*policy.bindings, binding))
        else:
            message = f"no policy here is called {name}"
            findings.append(Finding(message=message, place=place, hint=did_you_mean(name, policies)))
    return findings


def _foreign(document: Document, kind: Any) -> Finding:
    if kind == "ConfigMap":
        hint = "Sealane gives params itself; keep the ConfigMap for a cluster in a file outside the policies"
        return Finding(message="a ConfigMap is no policy", place=document.place(()), hint=hint)
    message = f"a {kind} is no policy" if isinstance(kind, str) else "this is no policy"
    hint = f"policies are of kind {files.POLICY}, apiVersion {files.GROUP}"
    return Finding(message=message, place=document.place(("kind",)), hint=hint)
