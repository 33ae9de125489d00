"""InfluxDB: InfluxQL at `GET /query`, and a point of the measurement `deployments` in its line protocol at `POST /write`.

1.x has both and later ones keep them; the same deployment's point is written over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from sealane.clients.metric_stores import markers, requests
from sealane.clients.metric_stores.markers import Marker
from sealane.configfiles.fields import File, Maybe
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.formations.gate_files import KeyReference, QueryFile, Url
from sealane.formations.gates import Query
from sealane.formations.graph_annotations import Annotation


class InfluxdbFile(QueryFile):
    """An InfluxQL query; the first number of each series' last row counts."""

    url: Url
    """Address of the server."""
    database: Annotated[str, Field(min_length=1, max_length=128)]
    """The database."""
    token: Maybe[KeyReference] = None
    """Reference of a token, of user:password for InfluxDB 1.x."""


class InfluxdbPointFile(File):
    """A point of the measurement `deployments` in InfluxDB."""

    url: Url
    """Address of the server."""
    database: Annotated[str, Field(min_length=1, max_length=128)]
    """The database."""
    token: Maybe[KeyReference] = None
    """Reference of a token, of user:password for InfluxDB 1.x."""


def _options(written: Any) -> Mapping[str, Any]:
    return {"database": written.database}


def _headers(access: StoreAccess) -> dict[str, str]:
    return {"Authorization": f"Token {access.keys['token']}"} if "token" in access.keys else {}


async def _ask(asked: Query, access: StoreAccess) -> tuple[float, ...]:
    """The last row's first number of each series."""
    query = {"db": str(asked.options.get("database", "")), "q": asked.query, "epoch": "ms"}
    answer = await requests.ask_json(f"{asked.url.rstrip('/')}/query", query, _headers(access), access.allowed)
    problems = [answer.get("error"), *(result.get("error") for result in answer.get("results") or ())]
    if problem := next((refused for refused in problems if refused), None):
        raise requests.query_refused(asked.url, problem)
    return tuple(_last(answer))


def _last(answer: Mapping[str, Any]) -> Iterator[float]:
    for result in answer.get("results") or ():
        for series in result.get("series") or ():
            rows = series.get("values") or ()
            numbers = [value for value in (rows[-1][1:] if rows else ()) if isinstance(value, int | float)]
            if numbers:
                yield float(numbers[0])


async def _tell(annotation: Annotation, marker: Marker, access: StoreAccess) -> None:
    """A point with the labels as tags."""
    tags = ",".join(f"{_tag(name)}={_tag(value)}" for name, value in sorted(marker.labels.items()) if value)
    fields = f"title={_text(marker.title)},text={_text(marker.text[: markers.MOST])}"
    line = f"deployments,{tags} {fields} {int(marker.at.timestamp() * 1000)}"
    query = {"db": str(annotation.options.get("database", "")), "precision": "ms"}
    url = f"{annotation.url.rstrip('/')}/write"
    await markers.tell(url, _headers(access), line.encode(), access.allowed, query=query)


def _tag(text: str) -> str:
    return "".join(f"\\{character}" if character in ",= \\" else character for character in text.replace("\n", " "))


def _text(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{quoted}"'


ADAPTER = MetricStore(query=InfluxdbFile, marker=InfluxdbPointFile, options=_options, ask=_ask, tell=_tell)
