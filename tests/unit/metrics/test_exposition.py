"""What `/metrics` writes, read again by Prometheus' own parsers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from sealane.clients import prometheus
from sealane.metrics.model import Distribution, Exemplar, Family, Sample, Shape
from sealane.server.latencies import Latencies

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = Exemplar(labels={"deployment": "d-1", "trace_id": "a" * 32}, value=7.0, at=NOON)
TIMES = Distribution.empty((1.0, 5.0, 10.0)).plus(0.5).plus(7.0).plus(99.0)


def families(exemplar: Exemplar | None = TRACE) -> list[Family]:
    odd = {"app": 'sh"o\\p\n', "status": "failed"}
    return [
        Family(
            name="sealane_release_count_total",
            shape=Shape.COUNTER,
            help="Ended.",
            samples=[Sample(value=3, labels=odd, exemplar=exemplar)],
        ),
        Family(
            name="sealane_release_elapsed_time_seconds",
            shape=Shape.HISTOGRAM,
            help="Took.",
            samples=[Sample(value=TIMES, labels={"app": "shop"}, exemplar=exemplar)],
        ),
        Family(name="sealane_holds", shape=Shape.GAUGE, help="Holds.", samples=[Sample(value=2)]),
    ]


@pytest.mark.parametrize("accept", ["", "text/plain;version=0.0.4", "*/*"])
def test_the_plain_text_has_every_value(accept: str) -> None:
    text, kind = prometheus.exposition(families(), accept)
    assert kind.startswith("text/plain; version=")
    read = {family.name: family for family in parser.text_string_to_metric_families(text.decode())}
    (count,) = read["sealane_release_count"].samples
    assert (count.labels, count.value) == ({"app": 'sh"o\\p\n', "status": "failed"}, 3)
    buckets = {
        sample.labels["le"]: sample.value
        for sample in read["sealane_release_elapsed_time_seconds"].samples
        if sample.name.endswith("_bucket")
    }
    assert buckets == {"1.0": 1, "5.0": 1, "10.0": 2, "+Inf": 3}
    assert "process_open_fds" in read


def test_openmetrics_has_the_exemplar_where_it_fell() -> None:
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
    text, kind = prometheus.exposition(families(), accept)
    assert kind.startswith("application/openmetrics-text")
    read = {family.name: family for family in openmetrics.text_string_to_metric_families(text.decode())}
    told = {
        sample.labels["le"]: sample.exemplar.labels
        for sample in read["sealane_release_elapsed_time_seconds"].samples
        if sample.exemplar
    }
    assert told == {"10.0": dict(TRACE.labels)}
    assert read["sealane_release_count"].samples[0].exemplar.value == 7


def test_an_exemplar_that_is_too_long_is_left_out() -> None:
    long = Exemplar(labels={"deployment": "d" * 130}, value=7.0, at=NOON)
    text, _ = prometheus.exposition(families(long), "application/openmetrics-text; version=1.0.0")
    assert b"dddd" not in text


def test_requests_are_told_by_route_and_never_by_address() -> None:
    class Route:
        path = "/api/runs/{run}"

    latencies = Latencies()
    for number in range(50):
        latencies.add({"method": "GET", "path": f"/api/runs/r-{number}", "route": Route()}, 200, 0.01)
        latencies.add({"method": "GET", "path": f"/nowhere/{number}"}, 404, 0.01)
        latencies.add({"method": f"ODD{number}", "path": f"/static/{number}.css"}, 405, 0.01)
    assert [dict(sample.labels) for sample in latencies.family().samples] == [
        {"method": "GET", "route": "/api/runs/{run}", "code": "200"},
        {"method": "GET", "route": "none", "code": "404"},
        {"method": "other", "route": "/static", "code": "405"},
    ]
