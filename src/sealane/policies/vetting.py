"""Vetting: rendered objects against policies, giving decisions. Pure: no clusters, no files, no clock.

Each policy decides as the API server would on the creation of each object. An expression that can't be evaluated
counts as not met, unless the policy says `failurePolicy: Ignore`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sealane.clients import cel
from sealane.documents import Path
from sealane.findings import Place
from sealane.policies import admission, compiling, defaulting, kinds, language, matching, pointing
from sealane.policies.admission import Request
from sealane.policies.compiling import Check, Compiled
from sealane.policies.model import Decision, Effect, Facts, Field, Policy, Scope, Verdict

_LONGEST_MESSAGE = 5 * 1024
_RANK = {Effect.DENY: 0, Effect.SIGN_OFF: 1, Effect.NOTE: 2}


class Origin(Protocol):
    """Knows where an object was written."""

    def place(self, path: Path = ()) -> Place:
        """Where the field, or its nearest parent, was written."""


class Vettable(Protocol):
    """A rendered object with its origin."""

    @property
    def object(self) -> dict[str, Any]:
        """The manifest."""

    @property
    def origin(self) -> Origin:
        """Where it was written."""


def vet(objects: Sequence[Vettable], policies: Iterable[Policy], facts: Facts) -> tuple[Decision, ...]:
    """Every decision that an object does not meet a policy, in the order of objects, the gravest first.

    Raises cel.Uncompilable for a policy whose problems were not looked at.
    """
    items = [item for each in objects for item in _items(each)]
    custom = kinds.defined(item.manifest for item in items)
    requests = [(item, admission.request(defaulting.defaulted(item.manifest), facts, custom)) for item in items]
    rules = [_prepared(compiling.compiled(policy), facts, [request for _, request in requests]) for policy in policies]
    decisions: list[Decision] = []
    for item, request in requests:
        shared = language.language().bind(_names(request, facts))
        found = [decision for rule in rules for decision in _decide(rule, _Case(item, request, shared), facts)]
        decisions += sorted(found, key=lambda decision: _RANK[decision.effect])
    return tuple(decisions)


def verdict(decisions: Iterable[Decision]) -> Verdict:
    """What all decisions together come to."""
    effects = {decision.effect for decision in decisions}
    if Effect.DENY in effects:
        return Verdict.DENIED
    return Verdict.NEEDS_SIGN_OFF if Effect.SIGN_OFF in effects else Verdict.PASSES


@dataclass(frozen=True, slots=True)
class _Item:
    """One object; `base` is its path in what was rendered, for the items of a List."""

    manifest: dict[str, Any]
    origin: Origin
    base: Path = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A compiled policy with what is the same for every object."""

    compiled: Compiled
    extra: Mapping[str, Any] | None
    """Further names of a release rule; None: the names that all rules share are enough."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One object before the policies."""

    item: _Item
    request: Request
    bindings: cel.Bindings


def _items(rendered: Vettable) -> Iterator[_Item]:
    """The object, or those in it: a List must not carry anything past the policies."""
    manifest = rendered.object
    inner = manifest.get("items")
    if not (str(manifest.get("kind", "")).endswith("List") and isinstance(inner, list)):
        yield _Item(manifest, rendered.origin)
        return
    for index, each in enumerate(inner):
        if isinstance(each, dict):
            yield _Item(each, rendered.origin, ("items", index))


def _prepared(rule: Compiled, facts: Facts, requests: Sequence[Request]) -> _Rule:
    if rule.policy.scope is not Scope.RELEASE:
        return _Rule(rule, None)
    names: dict[str, Any] = {"objects": [request.object for request in requests], "params": facts.params()}
    for name, expression in rule.once:
        try:
            names[f"variables.{name}"] = expression.evaluate(language.language().bind(names))
        except cel.EvaluationError:
            continue  # stays unknown: an expression that needs it fails, and says so
    return _Rule(rule, names)


def _names(request: Request, facts: Facts) -> dict[str, Any]:
    return {
        "object": request.object,
        "oldObject": None,
        "request": request.data(),
        "namespaceObject": request.namespace_object(),
        "params": facts.params(),
    }


def _decide(rule: _Rule, case: _Case, facts: Facts) -> Iterator[Decision]:
    policy = rule.compiled.policy
    effect = _effect(policy, case.request)
    if effect is None:
        return
    bindings = case.bindings
    if rule.extra is not None:
        bindings = language.language().bind({**_names(case.request, facts), **rule.extra})
    try:
        if not _applies(rule.compiled, case, facts) or _met(rule.compiled.everything, bindings):
            return
    except cel.EvaluationError as error:
        yield _failed(policy, effect, case, error.message)
        return
    for check in rule.compiled.checks:
        yield from _check(rule.compiled, check, effect, case, bindings)


def _effect(policy: Policy, request: Request) -> Effect | None:
    """The effect that the policy would have on the request; None when it is not about it."""
    if not matching.matches(policy.match, request):
        return None
    if not policy.bindings:
        return policy.effect or Effect.DENY
    effects = [binding.effect for binding in policy.bindings if matching.matches(binding.match, request)]
    if not effects:
        return None
    return policy.effect or min(effects, key=_RANK.__getitem__)


def _applies(rule: Compiled, case: _Case, facts: Facts) -> bool:
    """Whether all match conditions hold: one that is false outweighs one that can't be evaluated."""
    if not rule.conditions:
        return True
    bindings = language.language().bind({**_names(case.request, facts), "namespaceObject": None})
    errors = []
    for condition, expression in rule.conditions:
        try:
            if not expression.evaluate(bindings):
                return False
        except cel.EvaluationError as error:
            errors.append(_unevaluated(condition.expression, error))
    if errors:
        message = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
        raise cel.EvaluationError(message)
    return True


def _met(expression: cel.Expression, bindings: cel.Bindings) -> bool:
    try:
        return expression.evaluate(bindings) is True
    except cel.EvaluationError:
        return False


def _check(rule: Compiled, check: Check, effect: Effect, case: _Case, bindings: cel.Bindings) -> Iterator[Decision]:
    validation = check.validation
    try:
        if check.expression.evaluate(bindings) is True:
            return
    except cel.EvaluationError as error:
        text = _unevaluated(validation.expression, _composite(rule, bindings, validation.expression) or error)
        yield _failed(rule.policy, effect, case, text)
        return
    paths = _paths(rule, bindings)
    if not paths and (guessed := pointing.guess(validation.expression, case.item.manifest)):
        paths = [guessed]
    yield _decision(rule.policy, effect, case, _message(check, bindings), paths)


def _message(check: Check, bindings: cel.Bindings) -> str:
    """The message as the API server chooses it."""
    text = ""
    if check.message:
        try:
            text = str(check.message.evaluate(bindings)).strip()
        except cel.EvaluationError:
            text = ""
        if "\n" in text or len(text.encode()) > _LONGEST_MESSAGE:
            text = ""
    return text or check.validation.message.strip() or f"failed expression: {check.validation.expression.strip()}"


def _paths(rule: Compiled, bindings: cel.Bindings) -> list[str]:
    if rule.paths is None:
        return []
    try:
        found = rule.paths.evaluate(bindings)
    except cel.EvaluationError:
        return []
    return [str(path) for path in found] if isinstance(found, list) else []


def _composite(rule: Compiled, bindings: cel.Bindings, source: str) -> cel.EvaluationError | None:
    """The failure of the first variable that the expression uses, in the API server's words."""
    used = language.used_variables(source)
    for name, expression in rule.variables:
        if name not in used:
            continue
        try:
            expression.evaluate(bindings)
        except cel.EvaluationError as error:
            return cel.EvaluationError(f'composited variable "{name}" fails to evaluate: {error.message}')
    return None


def _unevaluated(source: str, error: cel.EvaluationError) -> str:
    return f"expression '{source}' resulted in error: {error.message}"


def _failed(policy: Policy, effect: Effect, case: _Case, message: str) -> Decision:
    """A policy that can't be evaluated is not met; with failurePolicy Ignore that is only noted."""
    if policy.ignores_errors:
        effect = Effect.NOTE
    return _decision(policy, effect, case, message, (), failed=True)


def _decision(
    policy: Policy, effect: Effect, case: _Case, message: str, paths: Sequence[str], *, failed: bool = False
) -> Decision:
    item = case.item
    steps = [(path, (*item.base, *pointing.resolve(path, item.manifest))) for path in paths]
    return Decision(
        effect=effect,
        policy=policy.name,
        message=message,
        mend=policy.mend,
        subject=case.request.subject,
        fields=tuple(Field(path=path, place=item.origin.place(where)) for path, where in steps),
        written=item.origin.place(item.base),
        failed=failed,
    )
