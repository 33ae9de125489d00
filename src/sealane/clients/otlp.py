"""Spans and metrics as OTLP messages, in OpenTelemetry's own definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sealane.metrics.catalog import DEFINITIONS
from sealane.metrics.model import Distribution, Exemplar, Family, Sample, Shape, Span, Unit

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.metrics.v1 import metrics_pb2
    from opentelemetry.proto.resource.v1 import resource_pb2
    from opentelemetry.proto.trace.v1 import trace_pb2

CONTENT_TYPE = "application/x-protobuf"
_DEFINED = {definition.family: definition for definition in DEFINITIONS.values()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """The process that sends them."""

    version: str
    process: str
    """The same after a restart, and different from any other process's."""


def metrics(families: Iterable[Family], at: datetime, of: Resource, *, prefix: str) -> bytes:
    """The body of a request to `/v1/metrics`: all current values, counted from the beginning (`CUMULATIVE`).

    Names and units are the catalog's: a Prometheus turns them into the same names that it reads at `/metrics`.
    """
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    converted = [_metric(family, at, prefix) for family in families if family.samples]
    scoped = [metrics_pb2.ScopeMetrics(metrics=converted)]
    request = ExportMetricsServiceRequest(
        resource_metrics=[metrics_pb2.ResourceMetrics(resource=_resource(of), scope_metrics=scoped)]
    )
    body: bytes = request.SerializeToString()
    return body


def _metric(family: Family, at: datetime, prefix: str) -> metrics_pb2.Metric:
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    known = _DEFINED.get(family.name)
    metric = metrics_pb2.Metric(name=f"{prefix}.{known.name}" if known else family.name, description=family.help)
    cumulative = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
    if known and known.unit is Unit.SECONDS:
        metric.unit = "s"
    if family.shape is Shape.HISTOGRAM:
        points = [
            _histogram(sample, sample.value, at) for sample in family.samples if isinstance(sample.value, Distribution)
        ]
        metric.histogram.CopyFrom(metrics_pb2.Histogram(data_points=points, aggregation_temporality=cumulative))
        return metric
    numbers = [
        _number(sample, sample.value, at) for sample in family.samples if not isinstance(sample.value, Distribution)
    ]
    if family.shape is Shape.COUNTER:
        metric.sum.CopyFrom(metrics_pb2.Sum(data_points=numbers, aggregation_temporality=cumulative, is_monotonic=True))
    else:
        metric.gauge.CopyFrom(metrics_pb2.Gauge(data_points=numbers))
    return metric


def _number(sample: Sample, value: float, at: datetime) -> metrics_pb2.NumberDataPoint:
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    return metrics_pb2.NumberDataPoint(
        attributes=_attributes(sample.labels),
        time_unix_nano=_nanoseconds(at),
        as_double=value,
        exemplars=_exemplars(sample.exemplar),
    )


def _histogram(sample: Sample, distribution: Distribution, at: datetime) -> metrics_pb2.HistogramDataPoint:
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    return metrics_pb2.HistogramDataPoint(
        attributes=_attributes(sample.labels),
        time_unix_nano=_nanoseconds(at),
        count=sum(distribution.counts),
        sum=distribution.sum,
        bucket_counts=distribution.counts,
        explicit_bounds=distribution.bounds,
        exemplars=_exemplars(sample.exemplar),
    )


def _exemplars(exemplar: Exemplar | None) -> list[metrics_pb2.Exemplar]:
    from opentelemetry.proto.metrics.v1 import metrics_pb2

    if exemplar is None:
        return []
    labels = dict(exemplar.labels)
    trace = bytes.fromhex(labels.pop("trace_id", ""))
    at = _nanoseconds(exemplar.at)
    return [
        metrics_pb2.Exemplar(
            filtered_attributes=_attributes(labels), time_unix_nano=at, as_double=exemplar.value, trace_id=trace
        )
    ]


def _resource(of: Resource) -> resource_pb2.Resource:
    from opentelemetry.proto.resource.v1 import resource_pb2

    named = {"service.name": "sealane", "service.version": of.version, "service.instance.id": of.process}
    return resource_pb2.Resource(attributes=_attributes(named))


def traces(spans: Iterable[Span], of: Resource) -> bytes:
    """The body of a request to `/v1/traces`."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1 import trace_pb2

    scoped = trace_pb2.ScopeSpans(spans=[_span(span) for span in spans])
    spans_of_resource = trace_pb2.ResourceSpans(resource=_resource(of), scope_spans=[scoped])
    request = ExportTraceServiceRequest(resource_spans=[spans_of_resource])
    body: bytes = request.SerializeToString()
    return body


def _span(span: Span) -> trace_pb2.Span:
    from opentelemetry.proto.trace.v1 import trace_pb2

    codes = {None: trace_pb2.Status.STATUS_CODE_UNSET, True: trace_pb2.Status.STATUS_CODE_OK}
    return trace_pb2.Span(
        trace_id=bytes.fromhex(span.trace),
        span_id=bytes.fromhex(span.id),
        parent_span_id=bytes.fromhex(span.parent or ""),
        name=span.name,
        kind=trace_pb2.Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=_nanoseconds(span.start),
        end_time_unix_nano=_nanoseconds(span.end),
        attributes=_attributes(span.attributes),
        events=[trace_pb2.Span.Event(time_unix_nano=_nanoseconds(at), name=text) for at, text in span.events],
        status=trace_pb2.Status(code=codes.get(span.good, trace_pb2.Status.STATUS_CODE_ERROR), message=span.message),
    )


def _attributes(given: Mapping[str, str]) -> list[KeyValue]:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    return [KeyValue(key=name, value=AnyValue(string_value=value)) for name, value in given.items() if value]


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp()) * 10**9 + at.microsecond * 1000
