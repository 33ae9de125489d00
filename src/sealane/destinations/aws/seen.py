"""The result of a look at one object, and how long looks have found the same. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sealane.verdicts import model as verdicts


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The result of a look at one object."""

    workload: verdicts.Workload
    facts: tuple[verdicts.Fact, ...] = ()
    instances: tuple[verdicts.Instance, ...] = ()


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
