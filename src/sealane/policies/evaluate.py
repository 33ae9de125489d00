"""Evaluates rendered objects against policies and returns decisions. Pure: no clusters, no files, no clock.

Each policy decides as the API server would when each object is created. An expression that can't be evaluated counts as
not met, unless the policy says `failurePolicy: Ignore`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealane.clients import cel, cel_errors
from sealane.configfiles.documents import Path
from sealane.policies import admission, compiler, kinds, language, locations, match_rules
from sealane.policies.admission import Request
from sealane.policies.compiler import Check, Compiled
from sealane.policies.engines import Origin, Vettable
from sealane.policies.model import Decision, Effect, Facts, Field, Policy, Verdict

_LONGEST_MESSAGE = 5 * 1024
_RANK = {Effect.DENY: 0, Effect.SIGN_OFF: 1, Effect.WARN: 2}


def vet(objects: Sequence[Vettable], policies: Iterable[Policy], facts: Facts) -> tuple[Decision, ...]:
    """Every violation of a policy by an object, in the order of objects, the gravest first.

    Raises cel.Uncompilable for a policy whose problems were not checked before.
    """
    items = [item for vettable in objects for item in _items(vettable)]
    custom = kinds.defined(item.manifest for item in items)
    cases = [(item, admission.request(item.manifest, facts, custom)) for item in items]
    rules = [_Rule(compiler.compiled(policy)) for policy in policies]
    shared = _shared(rules, facts, [request.object for _, request in cases])
    decisions: list[Decision] = []
    for item, request in cases:
        case = _Case(item, request, shared)
        decided = [decision for rule in rules for decision in _decide(rule, case)]
        decisions += sorted(decided, key=lambda decision: _RANK[decision.effect])
    return tuple(decisions)


def verdict(decisions: Iterable[Decision]) -> Verdict:
    """The overall verdict of all decisions."""
    effects = {decision.effect for decision in decisions}
    if Effect.DENY in effects:
        return Verdict.DENIED
    return Verdict.NEEDS_SIGN_OFF if Effect.SIGN_OFF in effects else Verdict.PASSES


@dataclass(frozen=True, slots=True)
class _Item:
    """One object; `base` is its path in the rendered object, for items of a List."""

    manifest: dict[str, Any]
    origin: Origin
    base: Path = ()


class _Rule:
    """A compiled policy, and its known effects on kinds, if only the kind decides."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self._by_kind = match_rules.by_kind(compiled.policy)
        self._effects: dict[tuple[str, str, str, bool], Effect | None] = {}

    def effect(self, request: Request) -> Effect | None:
        """The effect that the policy would have on the request; None if it does not apply."""
        if not self._by_kind:
            return match_rules.effect(self.compiled.policy, request)
        kind = request.kind
        if kind not in self._effects:
            self._effects[kind] = match_rules.effect(self.compiled.policy, request)
        return self._effects[kind]


class _Case:
    """One object to check, with its names ready for the engine once a policy applies to it."""

    def __init__(self, item: _Item, request: Request, shared: Mapping[str, Any]) -> None:
        self.item = item
        self.request = request
        self.names = {"object": request.object, "oldObject": None, **request.names(), **shared}

    @functools.cached_property
    def bindings(self) -> cel.Bindings:
        """The names for variables and validations."""
        return language.language().bind(self.names)

    @functools.cached_property
    def before(self) -> cel.Bindings:
        """The names for match conditions, which the API server evaluates before it knows the namespace."""
        return language.language().bind({**self.names, "namespaceObject": None})


def _shared(rules: Sequence[_Rule], facts: Facts, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The names that are the same for every object."""
    names: dict[str, Any] = {"params": facts.params(), "objects": list(objects)}
    bindings = language.language().bind(names)
    for name, expression in {name: shared for rule in rules for name, shared in rule.compiled.once.items()}.items():
        try:
            names[name] = expression.evaluate(bindings)
        except cel_errors.EvaluationError:
            continue  # stays unknown: an expression that needs it fails and reports that
    return names


def _items(rendered: Vettable) -> Iterator[_Item]:
    """The object, or the items in it: a List must not hide objects from the policies."""
    yield from _unpacked(_Item(rendered.object, rendered.origin))


def _unpacked(item: _Item) -> Iterator[_Item]:
    inner = item.manifest.get("items")
    if not (str(item.manifest.get("kind", "")).endswith("List") and isinstance(inner, list)):
        yield item
        return
    for index, element in enumerate(inner):
        if isinstance(element, dict):
            yield from _unpacked(_Item(element, item.origin, (*item.base, "items", index)))


def _decide(rule: _Rule, case: _Case) -> Iterator[Decision]:
    effect = rule.effect(case.request)
    if effect is None:
        return
    compiled = rule.compiled
    try:
        if not _applies(compiled, case) or _met(compiled.everything, case.bindings):
            return
    except cel_errors.EvaluationError as error:
        yield _failed(compiled.policy, effect, case, error.message)
        return
    for check in compiled.checks:
        yield from _check(compiled, check, effect, case)


def _applies(rule: Compiled, case: _Case) -> bool:
    """Whether all match conditions hold: one that is false outweighs one that can't be evaluated."""
    errors = []
    for condition, expression in rule.conditions:
        try:
            if not expression.evaluate(case.before):
                return False
        except cel_errors.EvaluationError as error:
            errors.append(_unevaluated(condition.expression, error))
    if errors:
        message = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
        raise cel_errors.EvaluationError(message)
    return True


def _met(expression: cel.Expression, bindings: cel.Bindings) -> bool:
    try:
        return expression.evaluate(bindings) is True
    except cel_errors.EvaluationError:
        return False


def _check(rule: Compiled, check: Check, effect: Effect, case: _Case) -> Iterator[Decision]:
    source = check.validation.expression
    try:
        if check.expression.evaluate(case.bindings) is True:
            return
    except cel_errors.EvaluationError as error:
        text = _unevaluated(source, _composite(rule, case.bindings, source) or error)
        yield _failed(rule.policy, effect, case, text)
        return
    paths = _paths(rule, case.bindings)
    if not paths and (guessed := locations.guess(source, case.item.manifest)):
        paths = [guessed]
    yield _decision(rule.policy, effect, case, _message(check, case.bindings), paths)


def _message(check: Check, bindings: cel.Bindings) -> str:
    """The message, chosen like the API server does."""
    text = ""
    if check.message:
        try:
            text = str(check.message.evaluate(bindings)).strip()
        except cel_errors.EvaluationError:
            text = ""
        if "\n" in text or len(text.encode()) > _LONGEST_MESSAGE:
            text = ""
    return text or check.validation.message.strip() or f"failed expression: {check.validation.expression.strip()}"


def _paths(rule: Compiled, bindings: cel.Bindings) -> list[str]:
    if rule.paths is None:
        return []
    try:
        paths = rule.paths.evaluate(bindings)
    except cel_errors.EvaluationError:
        return []
    return [str(path) for path in paths] if isinstance(paths, list) else []


def _composite(rule: Compiled, bindings: cel.Bindings, source: str) -> cel_errors.EvaluationError | None:
    """The failure of the first variable that the expression uses, in the API server's words."""
    used = language.used_variables(source)
    for name, expression in rule.variables:
        if name not in used:
            continue
        try:
            expression.evaluate(bindings)
        except cel_errors.EvaluationError as error:
            return cel_errors.EvaluationError(f'composited variable "{name}" fails to evaluate: {error.message}')
    return None


def _unevaluated(source: str, error: cel_errors.EvaluationError) -> str:
    return f"expression '{source}' resulted in error: {error.message}"


def _failed(policy: Policy, effect: Effect, case: _Case, message: str) -> Decision:
    """A policy that can't be evaluated counts as not met; with failurePolicy Ignore it only warns."""
    if policy.ignores_errors:
        effect = Effect.WARN
    return _decision(policy, effect, case, message, (), failed=True)


def _decision(
    policy: Policy, effect: Effect, case: _Case, message: str, paths: Sequence[str], *, failed: bool = False
) -> Decision:
    item = case.item
    steps = [(path, (*item.base, *locations.resolve(path, item.manifest))) for path in paths]
    return Decision(
        effect=effect,
        policy=policy.name,
        message=message,
        hint=policy.hint,
        subject=case.request.subject,
        fields=tuple(Field(path=path, place=item.origin.place(where)) for path, where in steps),
        written=item.origin.place(item.base),
        failed=failed,
    )
