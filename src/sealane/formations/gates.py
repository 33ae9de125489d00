"""Gates, hooks and the Jobs behind them, as a formation asks for them. Pure: plain values, msgspec-convertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

from sealane import typed_data

METRIC = "metric"
"""The kind of gates that ask a metric store; the file has the store's own key in its place."""
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


class NoData(StrEnum):
    """What it means that a query gives nothing."""

    INCONCLUSIVE = "inconclusive"
    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One metric, asked again and again for a while; each answer must fulfil the condition."""

    store: str
    """Its key in the table of metric stores."""
    url: str
    query: str
    condition: Condition
    duration: timedelta = timedelta()
    """For how long it is asked; none: once."""
    interval: timedelta = timedelta(seconds=10)
    max_failures: int = 0
    """Answers that may break the condition."""
    no_data: NoData = NoData.INCONCLUSIVE
    options: Mapping[str, Any] = field(default_factory=dict)
    """What only this store has, as the file writes it."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Name of each credential to the reference of its secret."""


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
    """One check during a rollout, or the stage at which a person is asked."""

    name: str
    kind: str = ""
    """Its key in the table of gates; empty where there is nothing to check but a person's word."""
    check: Mapping[str, Any] = field(default_factory=dict)
    """What is checked, as plain data that its kind reads."""
    url: str | None = None
    """The address that is asked, if one is; operators say which may be."""
    references: Mapping[str, str] = field(default_factory=dict)
    """References of secrets it needs, by the credential's name."""
    job: Task | None = None
    """The Job that it runs, if it does."""
    asks_itself: bool = False
    """Whether the new version itself is asked, which can be done before traffic reaches it."""
    wait: timedelta = WAIT
    """How long a person is waited for when it is inconclusive; then it has failed."""
    stage: str | None = None
    """The stage after which a person has to say that it goes on: there is nothing to check."""


def http(name: str, check: Http, *, wait: timedelta = WAIT) -> Gate:
    """A gate that samples an address."""
    plain = msgspec.to_builtins(check)
    return Gate(name=name, kind="http", check=plain, url=check.url, asks_itself=True, wait=wait)


def metric(name: str, check: Query, *, wait: timedelta = WAIT) -> Gate:
    """A gate that asks a metric store."""
    plain = msgspec.to_builtins(check)
    return Gate(name=name, kind=METRIC, check=plain, url=check.url, references=check.keys, wait=wait)


def job(name: str, task: Task, *, wait: timedelta = WAIT) -> Gate:
    """A gate that runs a Job."""
    return Gate(name=name, kind="job", check=msgspec.to_builtins(task), job=task, asks_itself=True, wait=wait)


def alerts(name: str, check: Alerts, *, wait: timedelta = WAIT) -> Gate:
    """A gate that counts alerts."""
    return Gate(name=name, kind="alerts", check=msgspec.to_builtins(check), wait=wait)


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
    """Whether it runs only where nothing was verified before, or only where something was."""


def written(gates: tuple[Gate, ...], guard: Guard) -> dict[str, Any]:
    """Gates and guard as plain data; nothing where a formation says nothing, so that its revisions keep their ids."""
    said = {"gates": msgspec.to_builtins(gates)} if gates else {}
    return {**said, **({"guard": msgspec.to_builtins(guard)} if guard != Guard() else {})}


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
    """Hooks as plain data; a hook of all deployments says nothing of it, so that revisions keep their ids."""
    plain = msgspec.to_builtins(hooks)
    return [{key: said for key, said in hook.items() if key != "only" or said is not None} for hook in plain]
