"""What samples come to: the tables of http, metric and alert gates."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.deployments.gates import samples
from sealane.deployments.gates.model import GateResult, Outcome, Report
from sealane.deployments.gates.samples import HttpSample, MetricSample
from sealane.events.model import Alert
from sealane.formations.gates import Alerts, Condition, Http, NoData, Query

AT = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
OK = HttpSample(seconds=0.01, status=200)
BAD = HttpSample(seconds=0.01, status=503)
SILENT = HttpSample(seconds=5, problem="no answer within 5 s")


def http(**how: Any) -> Http:
    return Http(**{"url": "http://shop.example.com/", "samples": 4, **how})


@pytest.mark.parametrize(
    ("check", "hits", "outcome", "says"),
    [
        (http(), [OK] * 3, None, "3 of 4 samples taken"),
        (http(), [OK] * 4, Outcome.PASS, "4 of 4 samples were good, 95 of 100 within 10 ms"),
        (http(), [OK, BAD], Outcome.FAIL, "1 of 2 samples failed (status 503), none may"),
        (http(max_failures=1), [OK, BAD], None, "2 of 4 samples taken"),
        (http(max_failures=1), [OK, BAD, OK, OK], Outcome.PASS, "3 of 4 samples were good, 95 of 100 within 10 ms"),
        (
            http(max_failures=1),
            [BAD, SILENT],
            Outcome.FAIL,
            "2 of 2 samples failed (1 times status 503, 1 times no answer within 5 s), at most 1 of 4 may",
        ),
        (
            http(samples=1, status=(404,)),
            [HttpSample(seconds=0.1, status=404)],
            Outcome.PASS,
            "1 of 1 samples were good",
        ),
        (
            http(samples=1),
            [HttpSample(seconds=0.1, status=302)],
            Outcome.FAIL,
            "1 of 1 sample failed (status 302), none may",
        ),
        (
            http(samples=2, latency_p95=timedelta(milliseconds=200)),
            [OK, HttpSample(seconds=0.25, status=200)],
            Outcome.FAIL,
            "95 of 100 answers took up to 250 ms, at most 200 ms is allowed",
        ),
        (http(samples=1, max_failures=1), [SILENT], Outcome.PASS, "0 of 1 samples were good"),
    ],
)
def test_samples_of_an_address(check: Http, hits: list[HttpSample], outcome: Outcome | None, says: str) -> None:
    """Fails as soon as too many failed, passes only when all samples are there."""
    judged = samples.http(check, hits)
    assert judged.outcome is outcome
    assert judged.message.startswith(says)


def query(**how: Any) -> Query:
    below = Condition(operator="<", bound=0.01)
    return Query(
        **{
            "store": "prometheus",
            "url": "http://prometheus:9090",
            "query": "errors",
            "condition": below,
            "duration": timedelta(seconds=20),
            "interval": timedelta(seconds=10),
            **how,
        }
    )


LOW, HIGH, NOTHING, AWAY = (
    MetricSample(values=(0.001,)),
    MetricSample(values=(0.001, 0.5)),
    MetricSample(),
    MetricSample(problem="it is away"),
)


@pytest.mark.parametrize(
    ("check", "readings", "outcome", "says"),
    [
        (query(), [LOW], None, "1 of 3 answers taken"),
        (query(), [LOW] * 3, Outcome.PASS, "the value was < 0.01 3 times, 0.001 last"),
        (query(duration=timedelta()), [LOW], Outcome.PASS, "the value was < 0.01 once, 0.001 last"),
        (query(), [LOW, HIGH], Outcome.FAIL, "the value was 0.5 in 1 of 2 answers, and must be < 0.01"),
        (query(max_failures=1), [LOW, HIGH, LOW], Outcome.PASS, "the value was < 0.01 3 times"),
        (query(), [NOTHING] * 3, Outcome.INCONCLUSIVE, "the query gives no data: errors"),
        (query(), [MetricSample(values=(math.nan,))] * 3, Outcome.INCONCLUSIVE, "the query gives no data"),
        (query(), [AWAY] * 3, Outcome.INCONCLUSIVE, "it is away"),
        (query(), [AWAY, AWAY, LOW], Outcome.INCONCLUSIVE, "it is away"),
        (query(), [AWAY, LOW, LOW], Outcome.PASS, "the value was < 0.01 twice"),
        (query(), [NOTHING, NOTHING, LOW], Outcome.INCONCLUSIVE, "the query gave data only once of 3"),
        (query(no_data=NoData.FAIL), [NOTHING], Outcome.FAIL, "the query gave no data once"),
        (query(no_data=NoData.PASS), [NOTHING] * 3, Outcome.PASS, "the value was < 0.01 3 times although there was no"),
        (query(no_data=NoData.PASS), [AWAY] * 3, Outcome.INCONCLUSIVE, "it is away"),
        (query(no_data=NoData.FAIL), [AWAY] * 3, Outcome.INCONCLUSIVE, "it is away"),
    ],
)
def test_answers_of_a_metric_store(
    check: Query, readings: list[MetricSample], outcome: Outcome | None, says: str
) -> None:
    """Any series that breaks the condition breaks the answer; what was not answered never lets a gate pass."""
    judged = samples.query(check, readings)
    assert judged.outcome is outcome
    assert judged.message.startswith(says)


@pytest.mark.parametrize(
    ("most", "names", "ended", "outcome", "says"),
    [
        (0, [], False, None, "0 alerts came in so far"),
        (0, [], True, Outcome.PASS, "0 alerts came in"),
        (0, ["Errors"], False, Outcome.FAIL, "1 alert came in since it was applied: Errors; at most 0 may"),
        (1, ["Errors"], True, Outcome.PASS, "1 alert came in: Errors"),
        (1, ["Errors", "Errors"], True, Outcome.FAIL, "2 alerts came in since it was applied: Errors (2 times)"),
    ],
)
def test_alerts_that_came_in(most: int, names: list[str], ended: bool, outcome: Outcome | None, says: str) -> None:
    """Too many fail at once; few pass only when the time is over."""
    judged = samples.alerts(Alerts(max=most), [Alert(name=name, at=AT) for name in names], ended=ended)
    assert judged.outcome is outcome
    assert judged.message.startswith(says)


@pytest.mark.parametrize(
    ("operator", "value", "holds"),
    [("<", 1, False), ("<=", 1, True), (">", 2, True), (">=", 0, False), ("==", 1, True), ("!=", 1, False)],
)
def test_conditions_compare(operator: str, value: float, holds: bool) -> None:
    """Each operator means what it says."""
    assert Condition(operator=operator, bound=1).holds(value) is holds


def test_what_is_no_number_fulfils_nothing() -> None:
    """Not even `!=`: no data is no good news."""
    assert not any(Condition(operator=sign, bound=1).holds(math.nan) for sign in ("<", "<=", ">", ">=", "==", "!="))


def test_one_failure_outweighs_what_cannot_tell() -> None:
    """A report is as bad as its worst gate, and blames it."""
    unsure = GateResult(gate="rate", outcome=Outcome.INCONCLUSIVE, message="no data")
    failed = GateResult(gate="smoke", outcome=Outcome.FAIL, message="status 503")
    report = Report(checked=(unsure, failed))
    cause = report.cause(AT)
    assert report.outcome is Outcome.FAIL
    assert cause is not None
    assert cause.sentence == "Gate smoke failed: status 503."
    assert Report(checked=(unsure,)).cause(AT) is None
    assert Report().outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("hit", "answer", "good"),
    [(OK, "status 200", True), (BAD, "status 503", False), (SILENT, "no answer within 5 s", False)],
)
def test_a_request_to_an_address_is_shown(hit: HttpSample, answer: str, good: bool) -> None:
    request = samples.asked_http(http(), hit, AT)
    assert (request.at, request.seconds, request.answer, request.good) == (AT, hit.seconds, answer, good)


@pytest.mark.parametrize(
    ("reading", "no_data", "answer", "good"),
    [
        (MetricSample(values=(0.004,)), NoData.FAIL, "0.004", True),
        (MetricSample(values=(0.004, 0.5, 1, 2, 3)), NoData.FAIL, "0.004, 0.5, 1 and 2 more", False),
        (MetricSample(), NoData.PASS, "no data", True),
        (MetricSample(values=(math.nan,)), NoData.INCONCLUSIVE, "no data", False),
        (MetricSample(problem="it answered 500"), NoData.PASS, "it answered 500", False),
    ],
)
def test_an_answer_of_a_metric_store_is_shown(reading: MetricSample, no_data: NoData, answer: str, good: bool) -> None:
    request = samples.asked_store(query(no_data=no_data), reading, AT, 0.2)
    assert (request.answer, request.good, request.seconds) == (answer, good, 0.2)
