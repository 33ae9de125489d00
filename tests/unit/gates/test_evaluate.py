"""Gates asked of real HTTP servers, and of a destination that pretends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.deployments import jobs
from sealane.deployments.gates import evaluate
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateSubject, Outcome, Report
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.kubernetes import tasks
from sealane.destinations.model import Identity, unfenced
from sealane.environments import egress_allowlist
from sealane.formations import gates
from sealane.formations.gates import Alerts, Condition, Gate, Http, Query, Task
from tests.unit.gates import answering

QUICK = timedelta(milliseconds=10)
IDENTITY = Identity(app="shop", formation="dev", namespace="shop", revision="sha256:1", release="rel-1", sequence=4)


def job(*, image: str = "busybox", **told: str) -> dict[str, Any]:
    """A Job that goes as its environment says."""
    env = [{"name": name, "value": value} for name, value in told.items()]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "integration", "namespace": "shop"},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "spec": {"restartPolicy": "Never", "containers": [{"name": "test", "image": image, "env": env}]}
            },
        },
    }


def subject(**jobs: dict[str, Any]) -> GateSubject:
    return GateSubject(identity=IDENTITY, key="rolling", since=datetime(2026, 1, 1, tzinfo=UTC), jobs=jobs)


async def check(*gates: Gate, around: GateContext | None = None, **jobs: dict[str, Any]) -> Report:
    around = around or GateContext(destination=DummyDestination())
    return await evaluate.evaluate(gates, subject=subject(**jobs), around=around)


def smoke(url: str, **how: Any) -> Gate:
    return gates.http("smoke", Http(**{"url": url, "samples": 3, "interval": QUICK, **how}))


async def test_an_address_that_answers_well_passes() -> None:
    """As many samples as asked for, then the gate passes."""
    async with answering.serving(lambda _asked, _nth: (200, "fine")) as server:
        report = await check(smoke(f"{server.url}/healthz?deep=1"))
    assert report.outcome is Outcome.PASS
    assert [(request.path, request.query) for request in server.asked] == [("/healthz", {"deep": "1"})] * 3


async def test_an_address_fails_at_the_sample_that_is_one_too_many() -> None:
    """Nothing is asked after that."""
    async with answering.serving(lambda _asked, nth: (503 if nth == 1 else 200, "")) as server:
        report = await check(smoke(server.url))
    assert report.checked[0].sentence == "Gate smoke failed: 1 of 2 samples failed (status 503), none may."
    assert len(server.asked) == 2


async def test_a_redirect_is_not_followed() -> None:
    """It would lead past the list of hosts."""
    async with answering.serving(lambda _asked, _nth: (302, "")) as server:
        report = await check(smoke(server.url))
    assert report.outcome is Outcome.FAIL
    assert "status 302" in report.checked[0].message


async def test_an_address_where_nothing_answers_fails() -> None:
    """What the gate is for is exactly that it answers."""
    async with answering.serving(lambda _asked, _nth: (200, "")) as server:
        pass
    report = await check(smoke(server.url))
    assert report.outcome is Outcome.FAIL
    assert "nothing answers there" in report.checked[0].message


async def test_a_host_that_is_not_listed_is_never_asked() -> None:
    """On a server only the operators' hosts are."""
    async with answering.serving(lambda _asked, _nth: (200, "")) as server:
        context = GateContext(
            destination=DummyDestination(), allowed=egress_allowlist.allowlist(("shop.example.com",), ())
        )
        report = await check(smoke(server.url), around=context)
    assert report.outcome is Outcome.FAIL
    assert "the operators don't let gates ask 127.0.0.1:" in report.checked[0].message
    assert not server.asked


def rate(server: str, store: str = "prometheus", **how: Any) -> Gate:
    below = Condition(operator="<", bound=0.01)
    asked: dict[str, Any] = {"duration": 2 * QUICK, "interval": QUICK, **how}
    return gates.metric("rate", Query(store=store, url=server, query="errors", condition=below, **asked))


def vector(*values: str) -> dict[str, Any]:
    return {
        "status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, value]} for value in values]},
    }


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        ((200, vector("0.001", "0.002")), Outcome.PASS, "the value was < 0.01 3 times"),
        ((200, vector("0.5")), Outcome.FAIL, "the value was 0.5, and must be < 0.01"),
        ((200, vector()), Outcome.INCONCLUSIVE, "the query gives no data: errors"),
        ((200, vector("NaN")), Outcome.INCONCLUSIVE, "the query gives no data: errors"),
        ((400, {"status": "error", "error": "parse error"}), Outcome.INCONCLUSIVE, "refuses the query: parse error"),
        ((503, "down"), Outcome.INCONCLUSIVE, "it answered 503"),
        ((200, b"<html>"), Outcome.INCONCLUSIVE, "no JSON of a metric store"),
        ((401, b""), Outcome.INCONCLUSIVE, "it wants other credentials (401)"),
        (
            (200, {"status": "success", "data": {"resultType": "scalar", "result": [1, "0"]}}),
            Outcome.PASS,
            "the value was < 0.01",
        ),
        (
            (200, {"status": "success", "data": {"resultType": "matrix", "result": []}}),
            Outcome.INCONCLUSIVE,
            "the query gives a matrix",
        ),
    ],
)
async def test_prometheus_answers(answer: tuple[int, object], outcome: Outcome, says: str) -> None:
    """What can't be measured is for a person to say, never a pass."""
    async with answering.serving(lambda _asked, _nth: answer) as server:
        report = await check(rate(server.url))
    assert report.outcome is outcome
    assert says in report.checked[0].message
    assert server.asked[0].query == {"query": "errors"}


async def test_datadog_is_asked_with_its_keys_and_the_last_points_count() -> None:
    """Keys come from secrets inside the step; the newest point of each series is the value."""
    series = {"status": "ok", "series": [{"pointlist": [[1, 0.5], [2, 0.001], [3, None]]}]}

    async def secret(reference: str) -> str:
        return f"value of {reference}"

    keys = {"key": "env:KEY", "application_key": "env:APP_KEY"}
    async with answering.serving(lambda _asked, _nth: (200, series)) as server:
        context = GateContext(destination=DummyDestination(), secret=secret)
        report = await check(rate(server.url, "datadog", keys=keys), around=context)
    assert report.outcome is Outcome.PASS
    assert server.asked[0].headers["dd-api-key"] == "value of env:KEY"
    assert server.asked[0].headers["dd-application-key"] == "value of env:APP_KEY"
    assert int(server.asked[0].query["to"]) - int(server.asked[0].query["from"]) == 300


async def test_a_key_that_has_no_value_is_inconclusive() -> None:
    """Nobody knows what the store would have said."""
    report = await check(rate("http://127.0.0.1:9", "datadog", keys={"key": "env:KEY"}))
    assert report.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("store", ["datadog", "prometheus", "influxdb"])
async def test_a_store_that_repeats_a_key_tells_it_to_nobody(store: str) -> None:
    """As some do in what they answer to a key that they don't know."""

    async def secret(reference: str) -> str:
        return f"s3cr3t-{reference}-value"

    def repeating(asked: answering.Asked, _nth: int) -> tuple[int, object]:
        return 400, {"status": "error", "error": f"who are you: {dict(asked.headers)}"}

    keys = {"key": "env:KEY", "application_key": "env:APP", "token": "env:TOKEN"}
    told: list[str] = []
    async with answering.serving(repeating) as server:
        around = GateContext(destination=DummyDestination(), secret=secret, tell=told.append)
        report = await check(rate(server.url, store, keys=keys, options={"database": "shop"}), around=around)
    assert "who are you" in report.checked[0].message
    assert "s3cr3t" not in f"{report}{told}"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"results": [{"series": [{"columns": ["time", "mean"], "values": [[1, 9], [2, 0.001]]}]}]}, Outcome.PASS),
        ({"results": [{"series": [{"columns": ["time", "mean"], "values": [[2, 9]]}]}]}, Outcome.FAIL),
        ({"results": [{}]}, Outcome.INCONCLUSIVE),
        ({"results": [{"error": "database not found"}]}, Outcome.INCONCLUSIVE),
    ],
)
async def test_influxdb_answers(answer: object, outcome: Outcome) -> None:
    """The last row of each series counts."""
    async with answering.serving(lambda _asked, _nth: (200, answer)) as server:
        report = await check(rate(server.url, "influxdb", options={"database": "shop"}))
    assert report.outcome is outcome
    assert server.asked[0].query == {"db": "shop", "q": "errors", "epoch": "ms"}


def integration(**how: Any) -> Gate:
    return gates.job("tests", Task(stencil="integration", **how))


async def test_a_job_that_ends_well_passes_and_runs_once_however_often_it_is_asked() -> None:
    """Its name comes from the key, so the second call finds what the first one made."""
    destination = DummyDestination()
    for _ in range(2):
        report = await check(integration(), around=GateContext(destination=destination), tests=job())
        assert report.outcome is Outcome.PASS
    assert [write.verb for write in destination.journal()] == ["create"]


async def test_a_job_that_fails_says_why() -> None:
    """With its exit code and evidence."""
    report = await check(integration(), tests=job(DUMMY_EXIT_CODE="3"))
    assert report.outcome is Outcome.FAIL
    assert "exit code 3" in report.checked[0].message
    assert report.checked[0].failure_report


async def test_the_first_failure_ends_the_other_gates() -> None:
    """Nobody waits for an hour's samples of a deployment that has failed."""
    async with answering.serving(lambda _asked, _nth: (503, "")) as server:
        report = await check(
            smoke(server.url), rate(server.url, duration=timedelta(hours=1)), integration(), tests=job()
        )
    assert report.outcome is Outcome.FAIL


async def test_alerts_without_a_server_cannot_be_told() -> None:
    """A command line receives nothing."""
    report = await check(gates.alerts("pages", Alerts()))
    assert report.outcome is Outcome.INCONCLUSIVE


async def test_somebody_else_s_job_of_that_name_says_nothing() -> None:
    """Another app of the namespace can't make a gate pass by guessing the Job's name."""
    destination = DummyDestination()
    theirs = Identity(app="evil", formation="dev", namespace="shop", revision="sha256:2")
    key = ("shop/dev", "4", "gate", "rolling", "tests")
    guessed = {**job(), "metadata": {**job()["metadata"], "name": jobs.name_of("integration", key)}}
    await destination.apply([guessed], identity=theirs, fence=unfenced)
    report = await check(integration(), around=GateContext(destination=destination), tests=job())
    assert report.outcome is Outcome.FAIL
    assert "is refused" in report.checked[0].message


@pytest.mark.parametrize(("own", "limit"), [(None, 5), (2, 2), (3600, 5)])
def test_a_job_never_has_more_time_than_its_gate(own: int | None, limit: int) -> None:
    """Also when its stencil says so."""
    given = job()
    given["spec"] |= {"activeDeadlineSeconds": own} if own else {}
    made = tasks.job(given, name="tests-1", timeout=timedelta(seconds=5), variables={})
    assert made["spec"]["activeDeadlineSeconds"] == limit
