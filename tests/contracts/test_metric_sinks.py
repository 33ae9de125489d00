"""What every metric sink does: it tells, in the store's own protocol, is away without harm, and tells what is refused."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

from sealane.adapters import SHIPPED
from sealane.errors import Refused, Unavailable, UsageError
from sealane.metric_sinks.port import Push, Sink, SinkAdapter, SinkContext, Telemetry, open_sinks
from sealane.metrics import measure
from sealane.metrics.catalog import DEFINITIONS
from sealane.metrics.model import Distribution, Exemplar, Family, Sample, Shape, Span
from sealane.outbox.model import DomainEvent, Kind
from tests.made_up import MADE_UP
from tests.posted import Posts, receiving

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SECONDS = int(AT.timestamp())
CONTEXT = SinkContext(prefix="acme", version="1.2", process="here:8080")
EVENT = DomainEvent(
    id=4711,
    kind=Kind.DEPLOYMENT_ENDED,
    at=AT,
    app="shop",
    formation="eu, west",
    deployment="d-1",
    data={
        "number": 12,
        "environment": "prod",
        "verdict": "rolled_back",
        "reason": "Container web\nended.",
        "seconds": 31.5,
        "release": "rel-1",
        "version": "20260301-abc",
    },
)
SPAN = Span(
    trace=measure.trace_id("d-1"),
    id="0123456789abcdef",
    parent=None,
    name="deployment shop/eu",
    start=AT - timedelta(seconds=31),
    end=AT,
    good=False,
    message="Container web ended.",
    attributes={"sealane.version": "20260301-abc", "sealane.release": ""},
    events=((AT, "verdict: rolled_back"),),
)
TOLD = Telemetry(
    event=EVENT.id, measurements=measure.measurements(EVENT), announcement=measure.announcement(EVENT), spans=(SPAN,)
)
TAGS = {"app:shop", "environment:prod", "status:rolled_back", "release:rel-1", "version:20260301-abc"}


@pytest.fixture
def store() -> Iterator[Posts]:
    with receiving() as posted:
        yield posted


def opened(key: str, **settings: str) -> Sink:
    sinks = open_sinks({key: {name: SecretStr(value) for name, value in settings.items()}}, CONTEXT, SHIPPED)
    return sinks[key].sink


BY_HTTP: dict[str, Callable[[str], Sink]] = {
    "datadog": lambda url: opened("datadog", api_key="k3y", url=url),
    "influxdb": lambda url: opened("influxdb", url=url, database="metrics"),
    "otlp": lambda url: opened("otlp", url=url),
}


@pytest.mark.parametrize("key", BY_HTTP)
async def test_a_store_that_is_away_or_overrun_is_told_later(key: str, store: Posts) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable):
            await BY_HTTP[key](f"http://127.0.0.1:{closed.getsockname()[1]}").send(TOLD)
    for status in (429, 500, 503):
        store.status = status
        with pytest.raises(Unavailable):
            await BY_HTTP[key](store.url).send(TOLD)


@pytest.mark.parametrize("key", BY_HTTP)
async def test_what_a_store_refuses_is_told_with_its_words(key: str, store: Posts) -> None:
    store.status = 400
    with pytest.raises(Refused, match="the store's own words"):
        await BY_HTTP[key](store.url).send(TOLD)


async def test_datadog_gets_counts_times_and_an_event(store: Posts) -> None:
    await opened("datadog", api_key="k3y", url=store.url + "/").send(TOLD)
    assert {headers["DD-API-KEY"] for _, headers, _ in store.posts} == {"k3y"}
    posts = {path: json.loads(body) for path, _, body in store.posts}
    counts = {metric["metric"]: metric for metric in posts["/api/v2/series"]["series"]}
    assert set(counts) == {"acme.release.count", "acme.release.failures"}
    assert counts["acme.release.count"]["points"] == [{"timestamp": SECONDS, "value": 1}]
    assert counts["acme.release.count"]["type"] == 1
    assert set(counts["acme.release.count"]["tags"]) == TAGS | {"formation:eu_ west"}
    (time,) = posts["/api/v1/distribution_points"]["series"]
    assert (time["metric"], time["points"]) == ("acme.release.elapsed_time", [[SECONDS, [31.5]]])
    event = posts["/api/v1/events"]
    assert (event["alert_type"], event["aggregation_key"], event["date_happened"]) == ("error", "d-1", SECONDS)
    assert event["title"] == "shop/eu, west #12: rolled back"


async def test_dogstatsd_gets_a_datagram_for_each() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(60)
        sink = opened("dogstatsd", port=str(agent.getsockname()[1]))
        await sink.send(TOLD)
        told = [agent.recv(65536).decode() for _ in range(4)]
    metrics = {line.partition("|#")[0]: set(line.partition("|#")[2].split(",")) for line in told[:3]}
    assert set(metrics) == {"acme.release.count:1|c", "acme.release.failures:1|c", "acme.release.elapsed_time:31.5|d"}
    assert metrics["acme.release.count:1|c"] == TAGS | {"formation:eu_ west"}
    title, text = "shop/eu, west #12: rolled back", "Container web\\nended."
    beginning = f"_e{{{len(title)},{len(text)}}}:{title}|{text}|d:{SECONDS}|k:d-1|t:error|#"
    assert told[3].startswith(beginning)
    with pytest.raises(Unavailable):  # nobody listens any more
        await sink.send(TOLD)


LINE = (
    r"acme.release,app=shop,environment=prod,formation=eu\,\ west,status=rolled_back "
    r'count=1i,failures=1i,elapsed_time=31.5,release="rel-1",version="20260301-abc" '
    f"{SECONDS}250000711"
)


@pytest.mark.parametrize(
    ("settings", "path", "authorization"),
    [
        ({"database": "m"}, "/write?db=m&precision=ns", None),
        ({"database": "m", "user": "u", "password": "p"}, "/write?db=m&precision=ns", "Basic dTpw"),
        (
            {"bucket": "b", "org": "o", "token": "t"},
            "/api/v2/write?bucket=b&org=o&precision=ns",
            "Token t",
        ),
    ],
)
async def test_influxdb_gets_one_point_of_either_version(
    store: Posts, settings: dict[str, str], path: str, authorization: str | None
) -> None:
    await opened("influxdb", url=store.url, **settings).send(TOLD)
    ((asked, headers, body),) = store.posts
    assert (asked, headers.get("Authorization"), body.decode()) == (path, authorization, LINE)


async def test_a_collector_gets_spans_in_opentelemetry_s_own_messages(store: Posts) -> None:
    await opened("otlp", url=store.url, headers="tenant=shop, api-key=k=3").send(TOLD)
    ((path, headers, body),) = store.posts
    assert (path, headers["tenant"], headers["api-key"]) == ("/v1/traces", "shop", "k=3")
    assert headers["Content-Type"] == "application/x-protobuf"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes} == {
        "service.name": "sealane",
        "service.version": "1.2",
        "service.instance.id": "here:8080",
    }
    (span,) = resource.scope_spans[0].spans
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id) == (SPAN.trace, SPAN.id, b"")
    assert span.end_time_unix_nano - span.start_time_unix_nano == 31 * 10**9
    assert (span.status.code, span.status.message) == (2, "Container web ended.")
    assert [attribute.key for attribute in span.attributes] == ["sealane.version"]
    assert [event.name for event in span.events] == ["verdict: rolled_back"]


COUNT, TIME = DEFINITIONS["release.count"], DEFINITIONS["release.elapsed_time"]
EXEMPLAR = Exemplar(labels={"deployment": "d-1", "trace_id": measure.trace_id("d-1")}, value=1, at=AT)
FAMILIES = (
    Family(
        name=COUNT.family,
        shape=Shape.COUNTER,
        help=COUNT.help,
        samples=[Sample(value=3, labels={"app": "shop"}, exemplar=EXEMPLAR)],
    ),
    Family(
        name=TIME.family,
        shape=Shape.HISTOGRAM,
        help=TIME.help,
        samples=[Sample(value=Distribution.empty((1, 10)).plus(5).plus(20), labels={"app": "shop"})],
    ),
    Family(name="sealane_holds", shape=Shape.GAUGE, help="Holds.", samples=[Sample(value=2)]),
    Family(name="sealane_runs", shape=Shape.GAUGE, help="Nothing of it is known.", samples=[]),
)


async def test_a_collector_gets_metrics_as_they_stand(store: Posts) -> None:
    """Counted from the beginning, so that what one telling misses the next one has; with names that Prometheus knows again."""
    push = pushing(url=f"{store.url}/v1/traces", headers="tenant=shop")
    assert push is not None
    assert push.every == 60
    await push.send(FAMILIES, AT)
    ((path, headers, body),) = store.posts
    assert (path, headers["tenant"], headers["Content-Type"]) == ("/v1/metrics", "shop", "application/x-protobuf")
    (resource,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    assert "here:8080" in {attribute.value.string_value for attribute in resource.resource.attributes}
    metrics = {metric.name: metric for metric in resource.scope_metrics[0].metrics}
    assert set(metrics) == {"acme.release.count", "acme.release.elapsed_time", "sealane_holds"}
    count = metrics["acme.release.count"].sum
    assert (count.aggregation_temporality, count.is_monotonic) == (2, True)
    (point,) = count.data_points
    assert (point.as_double, point.time_unix_nano, [attribute.key for attribute in point.attributes]) == (
        3,
        SECONDS * 10**9 + 250_000_000,
        ["app"],
    )
    (exemplar,) = point.exemplars
    assert exemplar.trace_id.hex() == measure.trace_id("d-1")
    assert [
        (filtered_attribute.key, filtered_attribute.value.string_value)
        for filtered_attribute in exemplar.filtered_attributes
    ] == [("deployment", "d-1")]
    times = metrics["acme.release.elapsed_time"]
    (spread,) = times.histogram.data_points
    assert (times.unit, times.histogram.aggregation_temporality) == ("s", 2)
    assert (spread.count, spread.sum, list(spread.bucket_counts), list(spread.explicit_bounds)) == (
        2,
        25,
        [0, 1, 1],
        [1, 10],
    )
    assert metrics["sealane_holds"].gauge.data_points[0].as_double == 2


async def test_a_collector_that_is_away_or_refuses_metrics_is_told_of(store: Posts) -> None:
    push = pushing(url=store.url)
    assert push is not None
    for status, error in ((503, Unavailable), (404, Refused)):
        store.status = status
        with pytest.raises(error):
            await push.send(FAMILIES, AT)


def test_a_collector_of_traces_alone_is_told_no_metrics() -> None:
    assert pushing(url="http://collector:4318", every="0") is None


def pushing(**settings: str) -> Push | None:
    """How a collector is told metrics."""
    sinks = open_sinks({"otlp": {name: SecretStr(value) for name, value in settings.items()}}, CONTEXT, SHIPPED)
    return sinks["otlp"].push


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"datadg": {}}, "no metric sink datadg"),
        ({"datadog": {}}, "SEALANE_METRICS__SINKS__DATADOG__API_KEY: Field required"),
        ({"datadog": {"api_key": "k", "sight": "s3cret"}}, "SEALANE_METRICS__SINKS__DATADOG__SIGHT is no setting"),
        ({"dogstatsd": {"port": "s3cret"}}, "SEALANE_METRICS__SINKS__DOGSTATSD__PORT: Input should be a valid integer"),
        ({"influxdb": {"url": "s3cret"}}, "SEALANE_METRICS__SINKS__INFLUXDB: wants a database"),
    ],
)
def test_a_slip_in_a_setting_is_told_and_its_value_is_not(given: dict[str, dict[str, str]], words: str) -> None:
    secret = {key: {name: SecretStr(value) for name, value in values.items()} for key, values in given.items()}
    with pytest.raises(UsageError, match=words) as told:
        open_sinks(secret, CONTEXT, SHIPPED)
    assert "s3cret" not in str(told.value)


def test_every_setting_of_every_sink_stands_on_the_page_of_metrics() -> None:
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    for key, adapter in SHIPPED.metric_sinks.every(SinkAdapter).items():
        assert f"`{key}`" in page
        for name in adapter.settings.model_fields:
            assert f"`{name.upper()}`" in page, f"{key}: {name}"


async def test_a_made_up_sink_is_told_as_well(tmp_path: Path) -> None:
    sinks = open_sinks({"madeup": {"file": SecretStr(str(tmp_path / "told"))}}, CONTEXT, MADE_UP)
    await sinks["madeup"].sink.send(TOLD)
    assert (tmp_path / "told").read_text().splitlines()[0] == "acme.release.count 1"
