"""DogStatsD: datagrams to a local agent, which forwards them to Datadog."""

from __future__ import annotations

from datetime import timedelta

from sealane.clients import dogstatsd
from sealane.metric_sinks.port import SinkAdapter, SinkContext, SinkSettings, Telemetry
from sealane.metric_sinks.tags import tags
from sealane.metrics.model import Announcement, Measurement, Unit

_MOST = 4_000
"""Characters of an event's text."""


class DogStatsdSettings(SinkSettings):
    """Where the agent listens."""

    host: str = "127.0.0.1"
    """Its host."""
    port: int = 8125
    """Its UDP port."""


class DogStatsd:
    """An agent."""

    def __init__(self, settings: DogStatsdSettings, context: SinkContext) -> None:
        self._settings = settings
        self._prefix = context.prefix

    async def send(self, telemetry: Telemetry) -> None:
        """A datagram for each measurement, and one for the announcement."""
        datagrams = [_metric(self._prefix, measurement) for measurement in telemetry.measurements]
        if telemetry.announcement:
            datagrams.append(_event(telemetry.announcement))
        await dogstatsd.send(self._settings.host, self._settings.port, datagrams)


def _metric(prefix: str, measurement: Measurement) -> str:
    """`sealane.release.count:1|c|#app:shop`; times are distributions, in seconds."""
    definition = measurement.definition
    kind = "c" if definition.unit is Unit.COUNT else "d"
    tagged = ",".join(tags(measurement.labels, measurement.details))
    return f"{prefix}.{definition.name}:{measurement.value:g}|{kind}" + (f"|#{tagged}" if tagged else "")


def _event(announcement: Announcement) -> str:
    title, text = (part.replace("\n", "\\n") for part in (announcement.title, announcement.text[:_MOST]))
    sizes = ",".join(str(len(part.encode())) for part in (title, text))
    ending = f"d:{int(announcement.at.timestamp())}|k:{announcement.key}|t:{announcement.level}|#{','.join(tags(announcement.labels, announcement.details))}"
    return f"_e{{{sizes}}}:{title}|{text}|{ending}"


ADAPTER = SinkAdapter(settings=DogStatsdSettings, open=DogStatsd, takes=timedelta(hours=1))
