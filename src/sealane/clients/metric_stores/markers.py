"""What metric stores are told of a deployment, for the line in their graphs. Each raises Unavailable, and Refused with its words.

Grafana: `POST /api/annotations`. Datadog: `POST /api/v1/events`. InfluxDB: a point of the measurement `deployments` in its
line protocol at `POST /write`, which 1.x has and later ones keep; the same deployment's point is written over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane.clients.metric_stores import requests
from sealane.egress import Allowlist
from sealane.errors import Refused

PATIENCE = timedelta(seconds=10)
_JSON = {"Content-Type": "application/json"}
_MOST = 2_000
"""Characters of a text; Datadog takes 4,000 in all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """What is told: a title, a text and labels, of a moment."""

    title: str
    text: str
    labels: Mapping[str, str]
    good: bool
    at: datetime


async def grafana(url: str, told: Marker, *, keys: Mapping[str, str], allowed: Allowlist | None = None) -> None:
    """An annotation on every dashboard that shows those tagged `deployment`. `keys` has a `token`."""
    body = {
        "time": int(told.at.timestamp() * 1000),
        "tags": ["deployment", *_tags(told)],
        "text": f"{told.title}\n{told.text}"[:_MOST],
    }
    headers = {**_JSON, "Authorization": f"Bearer {keys['token']}"}
    await _tell(f"{url.rstrip('/')}/api/annotations", headers, json.dumps(body).encode(), allowed)


async def datadog(url: str, told: Marker, *, keys: Mapping[str, str], allowed: Allowlist | None = None) -> None:
    """An event; those of one formation are shown together. `keys` has a `key`."""
    body = {
        "title": told.title,
        "text": told.text[:_MOST],
        "date_happened": int(told.at.timestamp()),
        "tags": _tags(told),
        "alert_type": "success" if told.good else "error",
        "aggregation_key": told.labels.get("formation", ""),
        "source_type_name": "sealane",
    }
    await _tell(
        f"{url.rstrip('/')}/api/v1/events", {**_JSON, "DD-API-KEY": keys["key"]}, json.dumps(body).encode(), allowed
    )


async def influxdb(
    url: str, told: Marker, *, keys: Mapping[str, str], database: str, allowed: Allowlist | None = None
) -> None:
    """A point with the labels as tags. `keys` may have a `token` (`user:password` for 1.x)."""
    tags = ",".join(f"{_tag(name)}={_tag(value)}" for name, value in sorted(told.labels.items()) if value)
    fields = f"title={_text(told.title)},text={_text(told.text[:_MOST])}"
    line = f"deployments,{tags} {fields} {int(told.at.timestamp() * 1000)}"
    headers = {"Authorization": f"Token {keys['token']}"} if "token" in keys else {}
    await _tell(f"{url.rstrip('/')}/write", headers, line.encode(), allowed, query={"db": database, "precision": "ms"})


def _tags(told: Marker) -> Sequence[str]:
    return [f"{name}:{value}" for name, value in sorted(told.labels.items()) if value]


def _tag(text: str) -> str:
    return "".join(f"\\{each}" if each in ",= \\" else each for each in text.replace("\n", " "))


def _text(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{quoted}"'


async def _tell(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    allowed: Allowlist | None,
    *,
    query: Mapping[str, str] | None = None,
) -> None:
    status, said = await requests.ask_store(
        url, patience=PATIENCE, query=query, headers=headers, post=body, allowed=allowed
    )
    if status >= 300:
        words = said[:300].decode(errors="replace").strip()
        raise Refused(f"{url} refuses the annotation ({status}): {words}", hint="may the key write there?")
