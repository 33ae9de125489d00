"""Turns looks at a service into observations, repeatedly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sealane import errors
from sealane.destinations.aws.pace import Pace
from sealane.verdicts import model as verdicts

_BLIND = timedelta(seconds=60)
"""How long looks may fail before the last state counts as old; a slower pace is no problem."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The result of a look at one object."""

    workload: verdicts.Workload
    facts: tuple[verdicts.Fact, ...] = ()
    instances: tuple[verdicts.Instance, ...] = ()


async def observations(
    look: Callable[[], Awaitable[Sequence[Seen]]], pace: Pace, *, unit: str = "instance"
) -> AsyncIterator[verdicts.Observation]:
    """The full state at once, and again after each look. Raises Unavailable if the first one fails."""
    began = seen_at = pace.now()
    last: verdicts.Observation | None = None
    while True:
        try:
            seen = await look()
        except errors.Unavailable:
            if last is None and pace.now() > began + _BLIND:
                raise
            if last is not None and pace.now() > seen_at + _BLIND:
                yield replace(last, at=pace.now(), blind_since=seen_at)
        else:
            seen_at = pace.now()
            last = verdicts.Observation(
                at=seen_at,
                workloads=tuple(one.workload for one in seen),
                instances=tuple(instance for one in seen for instance in one.instances),
                facts=tuple(fact for one in seen for fact in one.facts),
                unit=unit,
            )
            yield last
        await pace.between(began)


def waiting(name: str, words: str, *, count: int = 1) -> verdicts.Workload:
    """An object of which nothing is known to run yet."""
    return verdicts.Workload(
        object=name,
        health=verdicts.Health.CONVERGING,
        desired=count,
        updated=0,
        ready=0,
        old=count,
        ready_since=None,
        message=words,
    )


def unproven(name: str, words: str, at: datetime) -> Seen:
    """An object that the account may not look at."""
    fact = verdicts.Fact(kind=verdicts.FactKind.UNPROVEN, object=name, workload=name, since=at, words=words)
    return Seen(workload=waiting(name, words), facts=(fact,))


@dataclass(kw_only=True)
class Steady:
    """Since when looks at each object have found the same good state: one look proves little."""

    _since: dict[str, tuple[datetime, object]] = field(default_factory=dict)

    def lasted(self, name: str, state: object, at: datetime) -> timedelta:
        """How long looks have found this state."""
        since, before = self._since.get(name, (at, state))
        if before != state:
            since = at
        self._since[name] = (since, state)
        return at - since

    def forget(self, name: str) -> None:
        """The state is not good."""
        self._since.pop(name, None)
