"""Every store that can be told of a deployment: a real InfluxDB, and stand-ins of Grafana and Datadog that keep what they are told."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from sealane.deployments import deployment_markers
from sealane.destinations.model import Identity
from sealane.environments import egress_allowlist
from sealane.errors import Refused
from sealane.formations.graph_annotations import Annotation
from sealane.verdicts.model import Verdict, VerdictKind
from testbed import metric_stores
from tests.unit.gates import answering

AT = datetime(2026, 11, 21, 12, 30, 15, 250_000, tzinfo=UTC)
IDENTITY = Identity(app="shop", formation="dev", namespace="shop", revision="sha256:0123456789", sequence=7)
GOOD = Verdict(kind=VerdictKind.DEPLOYED, reason="1 workload is ready.", at=AT)
BAD = Verdict(
    kind=VerdictKind.ROLLED_BACK,
    reason='Container web said "no, table=carts" \\ and\nended.',
    at=AT + timedelta(seconds=9),
)
KEY = "a-key-that-fits"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a store shows."""

    at: datetime
    words: str
    labels: frozenset[str]


class Shop(Protocol):
    """A store, and how it is read back."""

    annotation: Annotation

    async def events(self) -> list[Event]: ...


@dataclass
class Standing:
    """Grafana or Datadog, as their documentation has it: a key, a shape, and what was told before."""

    annotation: Annotation
    kept: list[Event]

    async def events(self) -> list[Event]:
        return self.kept


@asynccontextmanager
async def grafana() -> AsyncIterator[Standing]:
    kept: list[Event] = []

    def answer(asked: answering.Asked, _: int) -> tuple[int, object]:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return 401, {"message": "Invalid API key"}
        said = json.loads(asked.body)
        if asked.path != "/api/annotations" or not said.get("text") or not isinstance(said["time"], int):
            return 400, {"message": "bad request data"}
        at = datetime.fromtimestamp(said["time"] / 1000, UTC)
        kept.append(Event(at=at, words=said["text"], labels=frozenset(said["tags"]) - {"deployment"}))
        return 200, {"message": "Annotation added", "id": len(kept)}

    async with answering.serving(answer) as server:
        yield Standing(Annotation(name="it", board="grafana", url=server.url, keys={"token": "env:KEY"}), kept)


@asynccontextmanager
async def datadog() -> AsyncIterator[Standing]:
    kept: list[Event] = []

    def answer(asked: answering.Asked, _: int) -> tuple[int, object]:
        if asked.headers.get("dd-api-key") != KEY:
            return 403, {"errors": ["Forbidden"]}
        said = json.loads(asked.body)
        if asked.path != "/api/v1/events" or said["alert_type"] not in {"success", "error"} or not said["title"]:
            return 400, {"errors": ["bad payload"]}
        at = datetime.fromtimestamp(said["date_happened"], UTC)
        kept.append(Event(at=at, words=f"{said['title']}\n{said['text']}", labels=frozenset(said["tags"])))
        return 202, {"status": "ok"}

    async with answering.serving(answer) as server:
        yield Standing(Annotation(name="it", board="datadog", url=server.url, keys={"key": "env:KEY"}), kept)


@dataclass
class Influx:
    """The real one."""

    annotation: Annotation

    async def events(self) -> list[Event]:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            query = {"db": "shop", "q": "SELECT * FROM deployments", "epoch": "ms"}
            result = (await client.get(f"{self.annotation.url}/query", params=query)).json()["results"][0]
        rows = [
            dict(zip(series["columns"], row, strict=True))
            for series in result.get("series", ())
            for row in series["values"]
        ]
        return [self._event(row) for row in rows]

    def _event(self, row: dict[str, Any]) -> Event:
        labels = frozenset(f"{name}:{row[name]}" for name in ("app", "formation", "revision", "verdict"))
        at = datetime.fromtimestamp(row["time"] / 1000, UTC)
        return Event(at=at, words=f"{row['title']}\n{row['text']}", labels=labels)


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with metric_stores.influxdb(tmp_path_factory.mktemp("influxdb")) as url:
        until = time.monotonic() + 60
        while True:
            try:
                made = httpx.post(
                    f"{url}/query", params={"q": "CREATE DATABASE shop"}, trust_env=False, timeout=60, verify=False
                )
                made.raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.1)
        yield url


@pytest.fixture(params=["grafana", "datadog", "influxdb"])
async def shop(request: pytest.FixtureRequest, influxdb: str) -> AsyncIterator[Shop]:
    if request.param == "influxdb":
        httpx.post(
            f"{influxdb}/query", params={"db": "shop", "q": "DROP MEASUREMENT deployments"}, trust_env=False, timeout=60
        )
        yield Influx(Annotation(name="it", board="influxdb", url=influxdb, options={"database": "shop"}))
        return
    async with grafana() if request.param == "grafana" else datadog() as standing:
        yield standing


async def tell(
    annotation: Annotation, verdict: Verdict, *, key: str = KEY, hosts: tuple[str, ...] | None = None
) -> str:
    """Tells the store, and gives what was said of it."""
    said: list[str] = []

    async def secret(reference: str) -> str:
        assert reference == "env:KEY"
        return key

    how = deployment_markers.MarkerContext(
        secret=secret, tell=said.append, allowed=None if hosts is None else egress_allowlist.allowlist(hosts, ())
    )
    await deployment_markers.annotate([annotation], IDENTITY, verdict, how)
    (line,) = said
    return line


async def test_what_is_told_can_be_read_back(shop: Shop) -> None:
    """Moment, words and labels, whatever characters they have."""
    assert await tell(shop.annotation, GOOD) == "it was told how it ended"
    assert await tell(shop.annotation, BAD) == "it was told how it ended"
    first, second = sorted(await shop.events(), key=lambda event: event.at)
    assert abs((first.at - AT).total_seconds()) < 1
    assert first.words == "shop #7 to dev: deployed\n1 workload is ready."
    assert first.labels == {"app:shop", "formation:shop/dev", "revision:0123456", "verdict:deployed"}
    assert second.words.replace("\n", " ") == (
        'shop #7 to dev: rolled back Container web said "no, table=carts" \\ and ended.'
    )
    assert "verdict:rolled_back" in second.labels


async def test_a_store_that_says_no_is_quoted(shop: Shop) -> None:
    """Nothing is raised: a deployment does not depend on it."""
    options = {"database": "nowhere"} if shop.annotation.options else {}
    wrong = dataclasses.replace(shop.annotation, options=options)
    said = await tell(wrong, GOOD, key="another-key")
    assert "it was not told how it ended" in said
    assert "refuses the annotation (4" in said
    assert "another-key" not in said
    assert await shop.events() == []


async def test_a_host_that_operators_do_not_list_is_not_asked(shop: Shop) -> None:
    """Also when a revision was allowed once, and is deployed again."""
    said = await tell(shop.annotation, GOOD, hosts=("graphs.example.com",))
    assert "only graphs.example.com are listed under gates: hosts:" in said
    assert await shop.events() == []


async def test_a_store_that_is_away_or_a_key_without_value_is_told(tmp_path: Path) -> None:
    """In a line each."""
    away = Annotation(name="it", board="grafana", url="http://127.0.0.1:9", keys={"token": "env:KEY"})
    assert "nothing answers there" in await tell(away, GOOD)

    async def none(_: str) -> str:
        raise Refused("env:KEY has no value")

    said: list[str] = []
    await deployment_markers.annotate(
        [away], IDENTITY, GOOD, deployment_markers.MarkerContext(secret=none, tell=said.append)
    )
    assert said == ["it was not told how it ended: env:KEY has no value"]


async def test_telling_influxdb_twice_leaves_one_point(influxdb: str) -> None:
    """A worker that takes over may tell again: the moment is the verdict's."""
    httpx.post(
        f"{influxdb}/query", params={"db": "shop", "q": "DROP MEASUREMENT deployments"}, trust_env=False, timeout=60
    )
    there = Influx(Annotation(name="it", board="influxdb", url=influxdb, options={"database": "shop"}))
    for _ in range(2):
        await tell(there.annotation, GOOD)
    assert len(await there.events()) == 1
