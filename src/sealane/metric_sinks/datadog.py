"""Datadog's API by HTTP: counts, distributions and events."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from sealane.clients import metric_posts
from sealane.metric_sinks.port import SinkAdapter, SinkContext, SinkSettings, Telemetry
from sealane.metric_sinks.tags import tags
from sealane.metrics.model import Announcement, Measurement, Unit

_COUNT = 1
"""The type "count" of a series in version 2 of the API."""
_MOST = 4_000
"""Characters of an event's text."""


class DatadogSettings(SinkSettings):
    """The account that receives metrics."""

    api_key: SecretStr
    """Its API key."""
    site: str = "datadoghq.com"
    """Its site, such as `datadoghq.eu`."""
    url: str | None = None
    """Another address of the API, such as a proxy's. None: `https://api.` and the site."""


class Datadog:
    """An account."""

    def __init__(self, settings: DatadogSettings, context: SinkContext) -> None:
        self._url = (settings.url or f"https://api.{settings.site}").rstrip("/")
        self._headers = {"Content-Type": "application/json", "DD-API-KEY": settings.api_key.get_secret_value()}
        self._prefix = context.prefix

    async def send(self, telemetry: Telemetry) -> None:
        """A request for counts, one for times, one for the announcement."""
        counts = [measurement for measurement in telemetry.measurements if measurement.definition.unit is Unit.COUNT]
        times = [measurement for measurement in telemetry.measurements if measurement.definition.unit is Unit.SECONDS]
        if counts:
            await self._post("/api/v2/series", {"series": [self._series(count, _COUNT) for count in counts]})
        if times:
            await self._post(
                "/api/v1/distribution_points", {"series": [self._distribution(measurement) for measurement in times]}
            )
        if telemetry.announcement:
            await self._post("/api/v1/events", _event(telemetry.announcement))

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        await metric_posts.post(self._url + path, json.dumps(body).encode(), self._headers)

    def _series(self, measurement: Measurement, kind: int) -> dict[str, Any]:
        point = {"timestamp": int(measurement.at.timestamp()), "value": measurement.value}
        return {
            "metric": self._name(measurement),
            "type": kind,
            "points": [point],
            "tags": tags(measurement.labels, measurement.details),
        }

    def _distribution(self, measurement: Measurement) -> dict[str, Any]:
        points = [[int(measurement.at.timestamp()), [measurement.value]]]
        return {
            "metric": self._name(measurement),
            "points": points,
            "tags": tags(measurement.labels, measurement.details),
        }

    def _name(self, measurement: Measurement) -> str:
        return f"{self._prefix}.{measurement.definition.name}"


def _event(announcement: Announcement) -> dict[str, Any]:
    return {
        "title": announcement.title,
        "text": announcement.text[:_MOST],
        "alert_type": announcement.level.value,
        "aggregation_key": announcement.key,
        "date_happened": int(announcement.at.timestamp()),
        "source_type_name": "sealane",
        "tags": tags(announcement.labels, announcement.details),
    }


ADAPTER = SinkAdapter(settings=DatadogSettings, open=Datadog, takes=timedelta(hours=1))
