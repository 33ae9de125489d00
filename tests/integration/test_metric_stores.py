"""Gates that ask a real Prometheus and a real InfluxDB, also once they are gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from sealane.deployments.gates import evaluate
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject, Outcome
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.model import Identity
from sealane.formations import gates
from sealane.formations.gates import Condition, NoData, Query
from testbed import metric_stores

IDENTITY = Identity(app="shop", formation="dev", namespace="shop", revision="sha256:1")


def answering(url: str, path: str) -> None:
    """Waits until the store answers."""
    until = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}{path}", trust_env=False, timeout=60, verify=False).status_code < 300:
                return
        except httpx.HTTPError:
            assert time.monotonic() < until, f"{url} does not answer"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with metric_stores.prometheus(tmp_path_factory.mktemp("prometheus")) as url:
        answering(url, "/-/ready")
        yield url


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """With a database whose errors went from many to few."""
    with metric_stores.influxdb(tmp_path_factory.mktemp("influxdb")) as url:
        answering(url, "/ping")
        httpx.post(
            f"{url}/query", params={"q": "CREATE DATABASE shop"}, trust_env=False, timeout=60, verify=False
        ).raise_for_status()
        now = time.time_ns()
        lines = f"errors,host=a value=0.5 {now - 60_000_000_000}\nerrors,host=a value=0.001 {now}\n"
        httpx.post(
            f"{url}/write", params={"db": "shop"}, content=lines, trust_env=False, timeout=60, verify=False
        ).raise_for_status()
        yield url


async def check(store: str, url: str, query: str, condition: Condition, **how: object) -> GateResult:
    asked = Query(store=store, url=url, query=query, condition=condition, **how)  # type: ignore[arg-type]
    subject = GateSubject(identity=IDENTITY, key="rolling", since=datetime.now(UTC))
    context = GateContext(destination=DummyDestination())
    report = await evaluate.evaluate([gates.metric("rate", asked)], subject=subject, around=context)
    return report.checked[0]


BELOW = Condition(operator="<", bound=0.01)


@pytest.mark.parametrize(
    ("query", "outcome", "says"),
    [
        ("vector(0.001)", Outcome.PASS, "the value was < 0.01 once, 0.001 last"),
        ("scalar(vector(0.001))", Outcome.PASS, "the value was < 0.01 once"),
        ("vector(0.5)", Outcome.FAIL, "the value was 0.5, and must be < 0.01"),
        ("vector(0) / 0", Outcome.INCONCLUSIVE, "the query gives no data"),
        ("no_such_metric", Outcome.INCONCLUSIVE, "the query gives no data: no_such_metric"),
        ("sum(", Outcome.INCONCLUSIVE, "refuses the query: invalid parameter"),
        ("vector(1)[5m:1m]", Outcome.INCONCLUSIVE, "the query gives a matrix"),
    ],
)
async def test_prometheus_answers(prometheus: str, query: str, outcome: Outcome, says: str) -> None:
    """A value, no data, NaN, and what is no query."""
    checked = await check("prometheus", prometheus, query, BELOW)
    assert (checked.outcome, says in checked.message) == (outcome, True), checked.message


async def test_what_prometheus_scraped_is_asked_again_and_again(prometheus: str) -> None:
    """Every answer has to fulfil the condition."""
    up = Condition(operator="==", bound=1)
    async with asyncio.timeout(60):
        while (await check("prometheus", prometheus, "up", up)).outcome is not Outcome.PASS:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    often = {"duration": timedelta(seconds=0.4), "interval": timedelta(seconds=0.2)}
    checked = await check("prometheus", prometheus, "up", up, **often)
    assert checked.message == "the value was == 1 3 times, 1 last"


@pytest.mark.parametrize(
    ("query", "outcome", "says"),
    [
        ("SELECT value FROM errors", Outcome.PASS, "the value was < 0.01 once, 0.001 last"),
        ("SELECT max(value) FROM errors", Outcome.FAIL, "the value was 0.5, and must be < 0.01"),
        ("SELECT value FROM nothing", Outcome.INCONCLUSIVE, "the query gives no data"),
        ("SELECT", Outcome.INCONCLUSIVE, "refuses the query: error parsing query"),
    ],
)
async def test_influxdb_answers(influxdb: str, query: str, outcome: Outcome, says: str) -> None:
    """The last row of each series counts."""
    checked = await check("influxdb", influxdb, query, BELOW, options={"database": "shop"})
    assert (checked.outcome, says in checked.message) == (outcome, True), checked.message


async def test_a_database_that_is_not_there_is_told(influxdb: str) -> None:
    """By InfluxDB's own words."""
    checked = await check("influxdb", influxdb, "SELECT value FROM errors", BELOW, options={"database": "other"})
    assert checked.outcome is Outcome.INCONCLUSIVE
    assert "database not found" in checked.message


async def test_a_store_that_is_away_is_inconclusive_whatever_no_data_means(tmp_path: Path) -> None:
    """Its absence is no news about the app."""
    with metric_stores.prometheus(tmp_path) as url:
        answering(url, "/-/ready")
    for no_data in NoData:
        checked = await check("prometheus", url, "up", BELOW, no_data=no_data)
        assert checked.outcome is Outcome.INCONCLUSIVE
        assert "can't be asked: nothing answers there" in checked.message
