"""What metric stores answer to a query now: one number per series. Each raises Unavailable, and Refused with its words.

Prometheus: `GET /api/v1/query` of its HTTP API. Datadog: `GET /api/v1/query` of its API, the last point of each series.
InfluxDB: InfluxQL at `GET /query`, which 1.x has and later ones keep.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sealane.clients.metric_stores import requests
from sealane.egress import Allowlist
from sealane.errors import Refused, Unavailable

PATIENCE = timedelta(seconds=10)


async def prometheus(
    url: str, query: str, *, keys: Mapping[str, str], allowed: Allowlist | None = None
) -> tuple[float, ...]:
    """The values of an instant query; a scalar is one value. `keys` may have a bearer `token`."""
    headers = {"Authorization": f"Bearer {keys['token']}"} if "token" in keys else {}
    said = await _json(f"{url.rstrip('/')}/api/v1/query", {"query": query}, headers, allowed)
    if said.get("status") != "success":
        raise _refused(url, said.get("error"))
    data = said["data"]
    if data["resultType"] == "scalar":
        return (float(data["result"][1]),)
    if data["resultType"] != "vector":
        raise _refused(url, f"the query gives a {data['resultType']}; an instant vector or a scalar is wanted")
    return tuple(float(series["value"][1]) for series in data["result"] if "value" in series)


async def datadog(
    url: str,
    query: str,
    *,
    keys: Mapping[str, str],
    now: datetime,
    window: timedelta,
    allowed: Allowlist | None = None,
) -> tuple[float, ...]:
    """The last point of each series within the window. `keys` has `key` and `application_key`."""
    headers = {"DD-API-KEY": keys["key"], "DD-APPLICATION-KEY": keys["application_key"]}
    asked = {"query": query, "from": f"{(now - window).timestamp():.0f}", "to": f"{now.timestamp():.0f}"}
    said = await _json(f"{url.rstrip('/')}/api/v1/query", asked, headers, allowed)
    if said.get("status") == "error" or said.get("errors") or said.get("error"):
        raise _refused(url, said.get("error") or said.get("errors"))
    return tuple(
        points[-1]
        for series in said.get("series") or ()
        if (points := [float(value) for _, value in series.get("pointlist") or () if value is not None])
    )


async def influxdb(
    url: str, query: str, *, keys: Mapping[str, str], database: str, allowed: Allowlist | None = None
) -> tuple[float, ...]:
    """The last row's first number of each series. `keys` may have a `token` (`user:password` for 1.x)."""
    headers = {"Authorization": f"Token {keys['token']}"} if "token" in keys else {}
    said = await _json(f"{url.rstrip('/')}/query", {"db": database, "q": query, "epoch": "ms"}, headers, allowed)
    problems = [said.get("error"), *(result.get("error") for result in said.get("results") or ())]
    if problem := next((each for each in problems if each), None):
        raise _refused(url, problem)
    return tuple(_last(said))


def _last(said: Mapping[str, Any]) -> Iterator[float]:
    for result in said.get("results") or ():
        for series in result.get("series") or ():
            rows = series.get("values") or ()
            numbers = [value for value in (rows[-1][1:] if rows else ()) if isinstance(value, int | float)]
            if numbers:
                yield float(numbers[0])


async def _json(
    url: str, query: Mapping[str, str], headers: Mapping[str, str], allowed: Allowlist | None
) -> dict[str, Any]:
    status, body = await requests.ask_store(url, patience=PATIENCE, query=query, headers=headers, allowed=allowed)
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if isinstance(said, dict) and (status < 400 or said.get("error") or said.get("errors")):
        return said
    if status in {401, 403}:
        raise _refused(url, f"it wants other credentials ({status})")
    raise Unavailable(f"{url} answered {status} and no JSON of a metric store", hint="is the address right?")


def _refused(url: str, said: object) -> Refused:
    return Refused(f"{url} refuses the query: {str(said)[:300]}", hint="try the query there")
