"""The port of metric sinks: what a store receives for one event, and how."""

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
    """A sink's settings, one variable each: `SEALANE_METRICS__SINKS__DATADOG__API_KEY`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, frozen=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Telemetry:
    """All telemetry of one event."""

    event: int
    """The event's id: the same when it is sent again."""
    measurements: tuple[Measurement, ...] = ()
    announcement: Announcement | None = None
    spans: tuple[Span, ...] = ()


class Sink(Protocol):
    """A metric store."""

    async def send(self, telemetry: Telemetry) -> None:
        """Sends it; the same telemetry may be sent again.

        Raises Unavailable while the store is away, which keeps the event for later, and Refused for what it will never take.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Regularly pushes all that `/metrics` shows to a store. A later push makes up for a missed one."""

    every: float
    """Seconds between two pushes."""
    send: Callable[[Sequence[Family], datetime], Awaitable[None]]
    """Sends the values of that time. Raises Unavailable, and Refused for what it will never take."""


def _no_push(settings: Any, context: SinkContext) -> None:
    del settings, context


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkContext:
    """What every sink knows besides its settings."""

    prefix: str
    """The prefix of each metric's name."""
    version: str
    """Sealane's version."""
    process: str
    """Host and port at which this process answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SinkAdapter:
    """One line of the table of metric sinks; its key is used in settings."""

    settings: type[SinkSettings]
    open: Callable[[Any, SinkContext], Sink]
    takes: timedelta | None = None
    """The greatest age of events it accepts; None for any age."""
    traces: bool = False
    """Whether it receives only spans."""
    push: Callable[[Any, SinkContext], Push | None] = _no_push
    """What is also pushed to it regularly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSink:
    """A sink that the settings name."""

    adapter: SinkAdapter
    sink: Sink
    push: Push | None


def open_sinks(
    given: Mapping[str, Mapping[str, SecretStr]], context: SinkContext, adapters: Adapters
) -> dict[str, OpenSink]:
    """Opens the sinks in the settings. Raises UsageError for unknown ones and wrong settings, without showing values."""
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
