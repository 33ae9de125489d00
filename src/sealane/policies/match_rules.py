"""Whether a policy or binding applies to a request: resource rules, label selectors. Pure: knows nothing about CEL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sealane.policies import admission
from sealane.policies.admission import Request
from sealane.policies.model import Effect, Match, Policy, Requirement, ResourceRule


def matches(match: Match, request: Request) -> bool:
    """Whether the rules match the request, like in the API server's matcher.

    No rules at all match every request, as in a binding.
    """
    if match.rules and not any(_rule_matches(rule, request, any_version=match.any_version) for rule in match.rules):
        return False
    if any(_rule_matches(rule, request, any_version=match.any_version) for rule in match.excluded):
        return False
    if not fits(match.objects, request.labels):
        return False
    if match.namespaces and request.resource == "namespaces" and not request.group:
        return fits(match.namespaces, request.labels)
    return request.namespace_labels is None or fits(match.namespaces, request.namespace_labels)


def effect(policy: Policy, request: Request) -> Effect | None:
    """The effect of a policy on a request: the gravest of its matching bindings; None if none matches."""
    if not matches(policy.match, request):
        return None
    if not policy.bindings:
        return policy.effect or Effect.DENY
    fitting = {binding.effect for binding in policy.bindings if matches(binding.match, request)}
    if not fitting:
        return None
    return policy.effect or next(effect for effect in Effect if effect in fitting)


def by_kind(policy: Policy) -> bool:
    """Whether the kind of an object alone decides if a policy applies to it."""
    return all(
        not (match.objects or match.namespaces or any(rule.names for rule in (*match.rules, *match.excluded)))
        for match in (policy.match, *(binding.match for binding in policy.bindings))
    )


def fits(requirements: Iterable[Requirement], labels: Mapping[str, str]) -> bool:
    """Whether labels meet all requirements of a selector."""
    return all(_meets(requirement, labels) for requirement in requirements)


def _rule_matches(rule: ResourceRule, request: Request, *, any_version: bool) -> bool:
    return (
        _among(admission.OPERATION, rule.operations)
        and _among(request.group, rule.groups)
        and (any_version or _among(request.version, rule.versions))
        and any(resource in {"*", "*/*", request.resource} for resource in rule.resources)
        and rule.scope in {"*", "Namespaced" if request.namespaced else "Cluster"}
        and (not rule.names or request.subject.name in rule.names)
    )


def _among(word: str, words: Iterable[str]) -> bool:
    return any(pattern in {"*", word} for pattern in words)


def _meets(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case _:
            return value is None
