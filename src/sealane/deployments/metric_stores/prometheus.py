"""Prometheus: `GET /api/v1/query` of its HTTP API."""

from __future__ import annotations

from sealane.clients.metric_stores import requests
from sealane.configfiles.fields import Maybe
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.formations.gate_files import KeyReference, QueryFile, Url
from sealane.formations.gates import Query


class PrometheusFile(QueryFile):
    """A PromQL query whose answer is an instant vector or a scalar."""

    url: Url
    """Address of the server, without /api/v1."""
    token: Maybe[KeyReference] = None
    """Reference of a bearer token, where one is needed."""


async def _ask(asked: Query, access: StoreAccess) -> tuple[float, ...]:
    """The values of an instant query; a scalar is one value."""
    headers = {"Authorization": f"Bearer {access.keys['token']}"} if "token" in access.keys else {}
    url = f"{asked.url.rstrip('/')}/api/v1/query"
    answer = await requests.ask_json(url, {"query": asked.query}, headers, access.allowed)
    if answer.get("status") != "success":
        raise requests.query_refused(asked.url, answer.get("error"))
    data = answer["data"]
    if data["resultType"] == "scalar":
        return (float(data["result"][1]),)
    if data["resultType"] != "vector":
        message = f"the query gives a {data['resultType']}; an instant vector or a scalar is wanted"
        raise requests.query_refused(asked.url, message)
    return tuple(float(series["value"][1]) for series in data["result"] if "value" in series)


ADAPTER = MetricStore(query=PrometheusFile, ask=_ask)
