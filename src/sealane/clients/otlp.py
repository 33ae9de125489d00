"""OTLP's messages of spans, by OpenTelemetry's own definitions of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sealane.metrics.model import Span

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.trace.v1 import trace_pb2

CONTENT_TYPE = "application/x-protobuf"


def traces(spans: Iterable[Span], *, version: str) -> bytes:
    """The body of a request to `/v1/traces`."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource
    from opentelemetry.proto.trace.v1 import trace_pb2

    of = Resource(attributes=_attributes({"service.name": "sealane", "service.version": version}))
    scoped = trace_pb2.ScopeSpans(spans=[_span(span) for span in spans])
    request = ExportTraceServiceRequest(resource_spans=[trace_pb2.ResourceSpans(resource=of, scope_spans=[scoped])])
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
