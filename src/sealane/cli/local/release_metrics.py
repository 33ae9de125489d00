"""Metrics of one deployment by a command: the same names and tags that a server sends."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sealane import __version__, clock
from sealane.adapters import Adapters
from sealane.cli import output
from sealane.cli.local.deploy_request import DeployOutcome
from sealane.errors import SealaneError, UsageError
from sealane.metric_sinks.port import OpenSink, SinkContext, Telemetry, open_sinks
from sealane.metrics import measure
from sealane.outbox.model import DomainEvent, Kind
from sealane.settings.work import Metrics
from sealane.stencils.model import Revision


class _Variables(BaseSettings):
    """The variables that a server reads, too."""

    model_config = SettingsConfigDict(
        env_prefix="SEALANE_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )
    metrics: Metrics = Field(default_factory=Metrics)


def sinks(adapters: Adapters) -> Mapping[str, OpenSink]:
    """The metric stores that `SEALANE_METRICS__SINKS__…` name. Raises UsageError."""
    try:
        given = _Variables().metrics
    except ValidationError as error:
        raise UsageError(f"SEALANE_METRICS: {error.errors()[0]['msg']}") from None
    named: dict[str, dict[str, SecretStr]] = given.sinks
    context = SinkContext(prefix=given.prefix, version=__version__, process=socket.gethostname())
    return open_sinks(named, context, adapters)


async def send(
    opened: Mapping[str, OpenSink], ended: DeployOutcome, revision: Revision, *, version: str | None
) -> None:
    """Sends count, failures and elapsed time; a store that does not take them is told of, and changes nothing."""
    event = _event(ended, revision, version)
    telemetry = Telemetry(
        event=ended.record.sequence,
        measurements=measure.measurements(event),
        announcement=measure.announcement(event),
    )
    for key, sink in opened.items():
        if sink.adapter.traces:
            continue
        try:
            await sink.sink.send(telemetry)
        except SealaneError as error:
            output.error(f"{key} got no metrics of it: {error.message}", error.hint)


def _event(ended: DeployOutcome, revision: Revision, version: str | None) -> DomainEvent:
    verdict, at = ended.outcome.verdict, clock.now()
    return DomainEvent(
        kind=Kind.DEPLOYMENT_ENDED,
        at=at,
        app=revision.app,
        formation=revision.formation,
        deployment=f"{revision.app}-{revision.formation}-{ended.record.sequence}",
        data={
            "environment": revision.environment,
            "verdict": verdict.kind.value,
            "reason": verdict.reason,
            "number": ended.record.sequence,
            "seconds": (at - ended.record.started).total_seconds(),
            **({"version": version} if version else {}),
        },
    )
