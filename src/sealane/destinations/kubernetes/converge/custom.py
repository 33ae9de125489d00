"""The progress of a custom resource. Pure: the object and the result of the formation's health check in, values out.

Without a health check, the conventions of kstatus apply: first `observedGeneration`, then the conditions `Reconciling`,
`Stalled` and `Ready`, or `Available` if there is no `Ready`. An object with none of them is ready once it is written.

Where nothing says which generation the status is about, it may be that of the version before: a controller that is busy or
away has not looked at the new one. So ready counts from Sealane's last write at the earliest, and has to hold from then on.

`Stalled` is decisive only if it certainly concerns the desired version; otherwise it may be left from an older one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from sealane import typed_data
from sealane.clients.kubernetes import kinds, objects, resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model


def converge(live_object: resources.Custom, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """From its health check or, without one, from its conditions."""
    name = f"{live_object.kind}/{live_object.metadata.name}"
    if live_object.metadata.deletion_timestamp:
        return generic.awaited(name, message="it is being deleted")
    if any(observed < live_object.metadata.generation for observed in _observed(live_object)):
        return generic.awaited(name, message=generic.UNSEEN)
    conditions = _conditions(live_object)
    if answer := live.besides.ask(live_object):
        return _answered(name, answer, live_object, conditions, live)
    return _by_conditions(name, live_object, conditions, live)


def _observed(live: resources.Custom) -> Iterator[int]:
    """The generations that its status and its readiness conditions refer to, if they have any."""
    status = live.status if isinstance(live.status, dict) else {}
    ready = [condition for condition in _listed(live) if condition.get("type") in {"Ready", "Available"}]
    for condition in (status, *ready):
        if isinstance(condition.get("observedGeneration"), int):
            yield condition["observedGeneration"]


def _answered(
    name: str,
    answer: owned_objects.HealthAnswer,
    live_object: resources.Custom,
    conditions: Mapping[str, objects.Condition],
    live: owned_objects.OwnedObjects,
) -> owned_objects.Part:
    if answer.health is model.Health.READY:
        return generic.there(name, message=answer.message, since=_told_since(live_object, answer.since))
    kind = model.FactKind.RESOURCE_PENDING
    if answer.health is model.Health.FAILED:
        kind = model.FactKind.RESOURCE_FAILED
    since = _since(live_object, conditions)
    fact = generic.fact(kind, name, since=since, words=answer.message, live=live)
    if answer.health is model.Health.FAILED:
        return generic.failed(name, fact=fact)
    return generic.awaited(name, message=answer.message, fact=fact)


def _by_conditions(
    name: str,
    live_object: resources.Custom,
    conditions: Mapping[str, objects.Condition],
    live: owned_objects.OwnedObjects,
) -> owned_objects.Part:
    if stalled := generic.condition_of(conditions, "Stalled"):
        sure = _is_current(live_object)
        kind = model.FactKind.RESOURCE_FAILED if sure else model.FactKind.RESOURCE_PENDING
        fact = generic.fact(kind, name, since=stalled.last_transition_time, words=generic.words(stalled), live=live)
        return generic.failed(name, fact=fact) if sure else generic.awaited(name, message=fact.words, fact=fact)
    ready = conditions.get("Ready") or conditions.get("Available")
    behind = ready if ready and ready.status != "True" else generic.condition_of(conditions, "Reconciling")
    if behind:
        since = behind.last_transition_time or live_object.metadata.creation_timestamp
        fact = generic.fact(model.FactKind.RESOURCE_PENDING, name, since=since, words=generic.words(behind), live=live)
        return generic.awaited(name, message=fact.words, fact=fact)
    since = ready.last_transition_time if ready else None
    since = _told_since(live_object, since or live_object.metadata.creation_timestamp)
    return generic.there(name, message="ready" if ready else "", since=since)


def _told_since(live_object: resources.Custom, since: datetime | None) -> datetime | None:
    """Since when it is ready as far as its status tells of what Sealane wrote last."""
    if since is None or any(True for _ in _observed(live_object)):
        return since
    records = live_object.metadata.managed_fields
    written = (_time(record.time) for record in records if record.manager == kinds.MANAGER)
    return max((since, *(time for time in written if time)))


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _conditions(live: resources.Custom) -> dict[str, objects.Condition]:
    """Its conditions by type, without those for an older generation and malformed ones."""
    by_type: dict[str, objects.Condition] = {}
    for entry in _listed(live):
        try:
            condition = typed_data.convert(entry, objects.Condition)
        except msgspec.ValidationError:
            continue
        observed = entry.get("observedGeneration")
        if not isinstance(observed, int) or observed >= live.metadata.generation:
            by_type[condition.type] = condition
    return by_type


def _is_current(live: resources.Custom) -> bool:
    """Whether `Stalled` certainly concerns this generation: older ones were left out, or never existed."""
    stalled = [condition for condition in _listed(live) if condition.get("type") == "Stalled"]
    return any(True for _ in _observed(live)) or any(
        isinstance(condition.get("observedGeneration"), int) for condition in stalled
    )


def _listed(live: resources.Custom) -> list[dict[str, Any]]:
    status = live.status if isinstance(live.status, dict) else {}
    listed = status.get("conditions")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _since(live: resources.Custom, conditions: Mapping[str, objects.Condition]) -> datetime | None:
    """The last change of its state, if it has times."""
    moved = [condition.last_transition_time for condition in conditions.values() if condition.last_transition_time]
    return max(moved, default=live.metadata.creation_timestamp)
