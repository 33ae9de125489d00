"""Gates, hooks and the Jobs behind them, as a formation asks for them. Pure: plain values, msgspec-convertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

WAIT = timedelta(hours=1)
"""How long an inconclusive gate waits for a person's word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What a measured value must be: `< 0.01`."""

    operator: str
    """One of < <= > >= == !=."""
    bound: float

    def holds(self, value: float) -> bool:
        """Whether the value fulfils it; what is no number (NaN) never does, also not `!=`."""
        if value != value:  # noqa: PLR0124 - the one value that differs from itself
            return False
        return {
            "<": value < self.bound,
            "<=": value <= self.bound,
            ">": value > self.bound,
            ">=": value >= self.bound,
            "==": value == self.bound,
            "!=": value != self.bound,
        }[self.operator]

    def __str__(self) -> str:
        return f"{self.operator} {self.bound:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Http:
    """Samples of one address."""

    url: str
    samples: int = 5
    interval: timedelta = timedelta(seconds=2)
    """From the beginning of one sample to that of the next."""
    timeout: timedelta = timedelta(seconds=5)
    status: tuple[int, ...] = ()
    """Good answers; empty: any from 200 to 299."""
    max_failures: int = 0
    latency_p95: timedelta | None = None
    """The most that 95 of 100 good answers may take."""


class Store(StrEnum):
    """A metric store that can be asked."""

    PROMETHEUS = "prometheus"
    DATADOG = "datadog"
    INFLUXDB = "influxdb"


class NoData(StrEnum):
    """What it means that a query gives nothing."""

    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One metric, asked again and again for a while; each answer must fulfil the condition."""

    store: Store
    url: str
    query: str
    condition: Condition
    duration: timedelta = timedelta()
    """For how long it is asked; none: once."""
    interval: timedelta = timedelta(seconds=10)
    max_failures: int = 0
    """Answers that may break the condition."""
    no_data: NoData = NoData.INCONCLUSIVE
    window: timedelta = timedelta(minutes=5)
    """Datadog: how far back the series reaches whose last point counts."""
    database: str | None = None
    """InfluxDB: the database."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Name of each credential (`token`, `key`, `application_key`) to the reference of its secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What a Job does: a Job of the stencils by its name, or an image and its command."""

    stencil: str | None = None
    image: str | None = None
    command: tuple[str, ...] = ()
    timeout: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerts:
    """Alerts that others send in, counted since the deployment was applied."""

    max: int = 0
    duration: timedelta = timedelta()
    """How long they are waited for, counted from the deployment's start."""
    matching: Mapping[str, str] = field(default_factory=dict)
    """Labels that an alert must have to count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """One check during a rollout: exactly one of the four is set, or the stage at which a person is asked."""

    name: str
    http: Http | None = None
    query: Query | None = None
    job: Task | None = None
    alerts: Alerts | None = None
    wait: timedelta = WAIT
    """How long a person is waited for when it is inconclusive; then it has failed."""
    stage: str | None = None
    """The stage after which a person has to say that it goes on: there is nothing to check."""

    @property
    def url(self) -> str | None:
        """The address that is asked, if one is."""
        return self.http.url if self.http else self.query.url if self.query else None

    @property
    def references(self) -> Mapping[str, str]:
        """References of secrets it needs, by the credential's name."""
        return self.query.keys if self.query else {}


class NewLines(StrEnum):
    """What error lines come to that the last verified revision never printed."""

    WARN = "warn"
    FAIL = "fail"
    IGNORE = "ignore"


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """What is looked at while a rollout is watched, without any metrics."""

    restarts: bool = True
    flaps: bool = True
    new_errors: NewLines = NewLines.IGNORE


class When(StrEnum):
    """When a hook runs."""

    BEFORE = "before"
    AFTER = "after"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """One Job around a rollout."""

    name: str
    when: When
    task: Task
    undo: tuple[str, ...] = ()
    """The command, in the same image, that undoes it; empty: it is never undone."""


def written(gates: tuple[Gate, ...], guard: Guard) -> dict[str, Any]:
    """Gates and guard as plain data; nothing where a formation says nothing, so that its revisions keep their ids."""
    said = {"gates": msgspec.to_builtins(gates)} if gates else {}
    return {**said, **({"guard": msgspec.to_builtins(guard)} if guard != Guard() else {})}


def gates_from(data: Mapping[str, Any]) -> tuple[Gate, ...]:
    """The gates that `written` gave."""
    return msgspec.convert(data.get("gates", ()), tuple[Gate, ...])


def guard_from(data: Mapping[str, Any]) -> Guard:
    """The guard that `written` gave."""
    return msgspec.convert(data.get("guard", {}), Guard)


def hooks_from(data: Any) -> tuple[Hook, ...]:
    """Hooks from plain data."""
    return msgspec.convert(data, tuple[Hook, ...])


def plain_hooks(hooks: tuple[Hook, ...]) -> Any:
    """Hooks as plain data."""
    return msgspec.to_builtins(hooks)
