"""Gates, hooks and their Jobs, as defined by a formation. Pure: plain values, msgspec-convertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

from sealane import typed_data

METRIC = "metric"
"""The kind of gates that query a metric store; in the file, the store's key stands for it."""
WAIT = timedelta(hours=1)
"""How long an inconclusive gate waits for a person's answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What a measured value must be: `< 0.01`."""

    operator: str
    """One of < <= > >= == !=."""
    bound: float

    def holds(self, value: float) -> bool:
        """Whether the value fulfils it; NaN never does, not even `!=`."""
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
    """Requests to one address, again and again."""

    url: str
    samples: int = 5
    interval: timedelta = timedelta(seconds=2)
    """From the start of one request to the start of the next."""
    timeout: timedelta = timedelta(seconds=5)
    status: tuple[int, ...] = ()
    """Good status codes; empty: any from 200 to 299."""
    max_failures: int = 0
    latency_p95: timedelta | None = None
    """The most that 95 of 100 good answers may take."""


class NoData(StrEnum):
    """The result of a query without data."""

    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One metric, queried again and again for a while; each answer must fulfil the condition."""

    store: str
    """Its key in the table of metric stores."""
    url: str
    query: str
    condition: Condition
    duration: timedelta = timedelta()
    """How long to query it; zero: once."""
    interval: timedelta = timedelta(seconds=10)
    max_failures: int = 0
    """How many answers may break the condition."""
    no_data: NoData = NoData.INCONCLUSIVE
    options: Mapping[str, Any] = field(default_factory=dict)
    """The store's own options, as written in the file."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The secret's reference for each credential, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What a Job runs: a Job of the stencils, given by name, or an image and a command."""

    stencil: str | None = None
    image: str | None = None
    command: tuple[str, ...] = ()
    timeout: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerts:
    """Incoming alerts, counted since the deployment was applied."""

    max: int = 0
    duration: timedelta = timedelta()
    """How long to wait for them, from the deployment's start."""
    matching: Mapping[str, str] = field(default_factory=dict)
    """Labels that an alert must have to count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """One check during a rollout, or a stage that a person must confirm."""

    name: str
    kind: str = ""
    """Its key in the table of gates; empty when only a person's answer counts."""
    check: Mapping[str, Any] = field(default_factory=dict)
    """The check, as plain data for its kind."""
    url: str | None = None
    """The address that it contacts, if any; operators say which are allowed."""
    references: Mapping[str, str] = field(default_factory=dict)
    """References to secrets that it needs, by the credential's name."""
    job: Task | None = None
    """The Job that it runs, if any."""
    asks_itself: bool = False
    """Whether it contacts the new version itself, which is possible before it gets traffic."""
    wait: timedelta = WAIT
    """How long to wait for a person when it is inconclusive; after that it fails."""
    stage: str | None = None
    """The stage after which a person must confirm; such a gate checks nothing."""


def http(name: str, check: Http, *, wait: timedelta = WAIT) -> Gate:
    """A gate that requests an address."""
    plain = msgspec.to_builtins(check)
    return Gate(name=name, kind="http", check=plain, url=check.url, asks_itself=True, wait=wait)


def metric(name: str, check: Query, *, wait: timedelta = WAIT) -> Gate:
    """A gate that queries a metric store."""
    plain = msgspec.to_builtins(check)
    return Gate(name=name, kind=METRIC, check=plain, url=check.url, references=check.keys, wait=wait)


def job(name: str, task: Task, *, wait: timedelta = WAIT) -> Gate:
    """A gate that runs a Job."""
    return Gate(name=name, kind="job", check=msgspec.to_builtins(task), job=task, asks_itself=True, wait=wait)


def alerts(name: str, check: Alerts, *, wait: timedelta = WAIT) -> Gate:
    """A gate that counts alerts."""
    return Gate(name=name, kind="alerts", check=msgspec.to_builtins(check), wait=wait)


class NewLines(StrEnum):
    """The effect of error lines that the last verified revision never printed."""

    WARN = "warn"
    FAIL = "fail"
    IGNORE = "ignore"


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """What is checked during a rollout without any metrics."""

    restarts: bool = True
    flaps: bool = True
    new_errors: NewLines = NewLines.IGNORE


class When(StrEnum):
    """When a hook runs."""

    BEFORE = "before"
    AFTER = "after"
    FAILURE = "failure"


class Only(StrEnum):
    """Which deployments of a formation a hook is for."""

    INSTALL = "install"
    UPGRADE = "upgrade"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """One Job around a rollout."""

    name: str
    when: When
    task: Task
    undo: tuple[str, ...] = ()
    """The command, in the same image, that undoes it; empty: it is never undone."""
    only: Only | None = None
    """Whether it runs only without a verified revision before, or only with one; None: always."""


def written(gates: tuple[Gate, ...], guard: Guard) -> dict[str, Any]:
    """Gates and guard as plain data; empty if the formation has none, so that its revisions keep their ids."""
    entry = {"gates": msgspec.to_builtins(gates)} if gates else {}
    return {**entry, **({"guard": msgspec.to_builtins(guard)} if guard != Guard() else {})}


def gates_from(data: Mapping[str, Any]) -> tuple[Gate, ...]:
    """The gates that `written` gave."""
    return typed_data.convert(data.get("gates", ()), tuple[Gate, ...])


def guard_from(data: Mapping[str, Any]) -> Guard:
    """The guard that `written` gave."""
    return typed_data.convert(data.get("guard", {}), Guard)


def hooks_from(data: Any) -> tuple[Hook, ...]:
    """Hooks from plain data."""
    return typed_data.convert(data, tuple[Hook, ...])


def plain_hooks(hooks: tuple[Hook, ...]) -> Any:
    """Hooks as plain data; a hook for all deployments has no `only`, so that revisions keep their ids."""
    plain = msgspec.to_builtins(hooks)
    return [{key: value for key, value in hook.items() if key != "only" or value is not None} for hook in plain]
