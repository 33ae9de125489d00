"""The port of metric sinks: what a store is told of one event, and how it takes that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from sealane.adapters import Adapters
from sealane.errors import NotThere, UsageError
from sealane.findings import did_you_mean
from sealane.metrics.model import Announcement, Family, Measurement, Span

_GIVEN = "SEALANE_METRICS__SINKS"


class SinkSettings(BaseModel):
    """What a sink is set up with, a variable each: `SEALANE_METRICS__SINKS__DATADOG__API_KEY`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, frozen=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Telemetry:
    """All that one event gives."""

    event: int
    """Its id: the same when it is told again."""
    measurements: tuple[Measurement, ...] = ()
    announcement: Announcement | None = None
    spans: tuple[Span, ...] = ()


class Sink(Protocol):
    """A metric store."""

    async def send(self, told: Telemetry) -> None:
        """Tells it, also once more what it was told before.

        Raises Unavailable while it is away, which keeps the event for later, and Refused for what it will never take.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Has a store told, again and again, all that `/metrics` shows. What one telling misses the next one has."""

    every: float
    """Seconds between two tellings."""
    send: Callable[[Sequence[Family], datetime], Awaitable[None]]
    """Tells it what holds at that time. Raises Unavailable, and Refused for what it will never take."""


def _no_push(settings: Any, context: SinkContext) -> None:
    del settings, context


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkContext:
    """What every sink knows besides its settings."""

    prefix: str
    """Before the name of each metric."""
    version: str
    """Of Sealane."""
    process: str
    """Host and port at which this process answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkAdapter:
    """One line of the table of metric sinks; its key stands in settings."""

    settings: type[SinkSettings]
    open: Callable[[Any, SinkContext], Sink]
    takes: timedelta | None = None
    """How old what it is told may be; None for any age."""
    traces: bool = False
    """Whether it is told spans of what happens, and nothing else."""
    push: Callable[[Any, SinkContext], Push | None] = _no_push
    """What it is told besides, whatever happens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSink:
    """A sink that the settings name."""

    adapter: SinkAdapter
    sink: Sink
    push: Push | None


def open_sinks(
    given: Mapping[str, Mapping[str, SecretStr]], context: SinkContext, adapters: Adapters
) -> dict[str, OpenSink]:
    """The sinks that the settings name. Raises UsageError for unknown ones and wrong settings, and tells no value."""
    opened: dict[str, OpenSink] = {}
    for key, values in given.items():
        try:
            adapter = adapters.metric_sinks.get(key, SinkAdapter)
        except NotThere as error:
            raise UsageError(f"{_GIVEN}: {error.message}", hint=error.hint) from None
        plain = {name: value.get_secret_value() for name, value in values.items()}
        try:
            settings = adapter.settings(**plain)
        except ValidationError as error:
            raise UsageError("; ".join(_told(key, adapter, problem) for problem in error.errors())) from None
        sink = adapter.open(settings, context)
        opened[key] = OpenSink(adapter=adapter, sink=sink, push=adapter.push(settings, context))
    return opened


def _told(key: str, adapter: SinkAdapter, wrong: Any) -> str:
    name = str(wrong["loc"][0]) if wrong["loc"] else ""
    variable = f"{_GIVEN}__{key.upper()}__{name.upper()}".removesuffix("__")
    if wrong["type"] == "extra_forbidden":
        return f"{variable} is no setting ({did_you_mean(name, tuple(adapter.settings.model_fields))})"
    return f"{variable}: {wrong['msg'].removeprefix('Value error, ')}"
