"""Markers of deployments in metric stores, for the line in their graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sealane.clients.metric_stores import requests
from sealane.egress import Allowlist
from sealane.errors import Refused

JSON = {"Content-Type": "application/json"}
MOST = 2_000
"""Most characters of a text; Datadog accepts 4,000 in all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """A marker: a title, a text and labels, at a time."""

    title: str
    text: str
    labels: Mapping[str, str]
    good: bool
    at: datetime


def tags(marker: Marker) -> Sequence[str]:
    """Its labels as `name:value`."""
    return [f"{name}:{value}" for name, value in sorted(marker.labels.items()) if value]


async def tell(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    allowed: Allowlist | None,
    *,
    query: Mapping[str, str] | None = None,
) -> None:
    """Posts to the store. Raises Unavailable, and Refused with its message."""
    status, answer = await requests.ask_store(
        url, patience=requests.PATIENCE, query=query, headers=headers, post=body, allowed=allowed
    )
    if status >= 300:
        words = answer[:300].decode(errors="replace").strip()
        raise Refused(f"{url} refuses the annotation ({status}): {words}", hint="may the key write there?")
