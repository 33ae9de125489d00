"""Objects without containers, as workloads: their common parts. Pure: knows nothing about any one kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sealane.clients.kubernetes import objects
from sealane.destinations.kubernetes.converge import owned_objects
from sealane.destinations.kubernetes.messages import probes
from sealane.verdicts import model

UNSEEN = "the cluster has not taken in its new version yet"


def quiet(name: str, *, message: str = "") -> owned_objects.Part:
    """It exists, and nothing more is waited for; the message has further details."""
    return there(name, message=message, settled=True)


def there(
    name: str, *, message: str, since: datetime | None = None, settled: bool = False, note: str = ""
) -> owned_objects.Part:
    """It has been as desired since then; settled if it can't be lost any more."""
    return _workload(name, model.Health.READY, message=message, since=since, settled=settled, note=note), (), ()


def suspended(name: str, *, note: str) -> owned_objects.Part:
    """It exists, but somebody suspended it."""
    workload, instances, facts = there(name, message="suspended", settled=True, note=note)
    return replace(workload, suspended=True), instances, facts


def awaited(name: str, *, message: str, fact: model.Fact | None = None) -> owned_objects.Part:
    """It is not ready yet; a fact, if given, uses up patience."""
    return _workload(name, model.Health.CONVERGING, message=message), (), (fact,) if fact else ()


def failed(name: str, *, fact: model.Fact) -> owned_objects.Part:
    """It reports itself that it will not become ready."""
    return _workload(name, model.Health.FAILED, message=fact.words), (), (fact,)


def fact(
    kind: model.FactKind, name: str, *, since: datetime | None, words: str, live: owned_objects.OwnedObjects
) -> model.Fact:
    """A fact about the object as a whole."""
    return model.Fact(
        kind=kind, object=name, workload=name, since=since or live.at, words=probes.shorten(words.rstrip(". "))
    )


def at(addresses: Sequence[str]) -> str:
    """Its address; empty if unknown."""
    return f"at {', '.join(addresses)}" if addresses else ""


def condition_of(
    conditions: Mapping[str, objects.Condition], kind: str, status: str = "True"
) -> objects.Condition | None:
    """The condition of a type if it has that status."""
    condition = conditions.get(kind)
    return condition if condition and condition.status == status else None


def words(condition: objects.Condition) -> str:
    """A condition's message, for people."""
    return condition.message or condition.reason or f"{condition.type} is {condition.status}"


def _workload(
    name: str,
    health: model.Health,
    *,
    message: str,
    since: datetime | None = None,
    settled: bool = False,
    note: str = "",
) -> model.Workload:
    return model.Workload(
        object=name,
        health=health,
        desired=1,
        updated=1,
        ready=int(health is model.Health.READY),
        old=0,
        ready_since=since,
        message=message,
        settled=settled,
        note=note,
        runs=False,
    )
