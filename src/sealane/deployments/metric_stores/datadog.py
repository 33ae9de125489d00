"""Datadog: `GET /api/v1/query` of its API, the last point of each series; told by `POST /api/v1/events`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from sealane import typed_data
from sealane.clients.metric_stores import markers, requests
from sealane.clients.metric_stores.markers import Marker
from sealane.configfiles import fields
from sealane.configfiles.fields import Duration, File, Maybe
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.formations.gate_files import KeyReference, QueryFile, Url
from sealane.formations.gates import Query
from sealane.formations.graph_annotations import Annotation

_WINDOW = timedelta(minutes=5)


class DatadogFile(QueryFile):
    """A Datadog metrics query; the last point of each series counts."""

    url: Url
    """Address of the API: https://api.datadoghq.eu."""
    key: KeyReference
    """Reference of the API key."""
    application_key: KeyReference
    """Reference of the application key."""
    window: Maybe[Duration] = None
    """How far back the series reaches; 5m when left out."""


class DatadogEventFile(File):
    """An event in Datadog."""

    url: Url
    """Address of the API: https://api.datadoghq.eu."""
    key: KeyReference
    """Reference of the API key."""


def _options(written: Any) -> Mapping[str, Any]:
    window = getattr(written, "window", None)
    return {"window": msgspec.to_builtins(fields.duration(window))} if window else {}


async def _ask(asked: Query, access: StoreAccess) -> tuple[float, ...]:
    """The last point of each series within the window."""
    headers = {"DD-API-KEY": access.keys["key"], "DD-APPLICATION-KEY": access.keys["application_key"]}
    window = typed_data.convert(asked.options["window"], timedelta) if "window" in asked.options else _WINDOW
    period = {"from": f"{(access.now - window).timestamp():.0f}", "to": f"{access.now.timestamp():.0f}"}
    url = f"{asked.url.rstrip('/')}/api/v1/query"
    answer = await requests.ask_json(url, {"query": asked.query, **period}, headers, access.allowed)
    if answer.get("status") == "error" or answer.get("errors") or answer.get("error"):
        raise requests.query_refused(asked.url, answer.get("error") or answer.get("errors"))
    return tuple(
        points[-1]
        for series in answer.get("series") or ()
        if (points := [float(value) for _, value in series.get("pointlist") or () if value is not None])
    )


async def _tell(annotation: Annotation, marker: Marker, access: StoreAccess) -> None:
    """An event; those of one formation are shown together."""
    body = {
        "title": marker.title,
        "text": marker.text[: markers.MOST],
        "date_happened": int(marker.at.timestamp()),
        "tags": markers.tags(marker),
        "alert_type": "success" if marker.good else "error",
        "aggregation_key": marker.labels.get("formation", ""),
        "source_type_name": "sealane",
    }
    headers = {**markers.JSON, "DD-API-KEY": access.keys["key"]}
    url = f"{annotation.url.rstrip('/')}/api/v1/events"
    await markers.tell(url, headers, json.dumps(body).encode(), access.allowed)


ADAPTER = MetricStore(
    query=DatadogFile,
    marker=DatadogEventFile,
    credentials=("key", "application_key"),
    options=_options,
    ask=_ask,
    tell=_tell,
)
