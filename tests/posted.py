"""An HTTP server that keeps what it is posted: a stand-in for stores that can't be had here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Posts:
    """What was posted: path, headers and body of each; and the status that it answers."""

    status: int = 202
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@contextmanager
def receiving(port: int = 0) -> Iterator[Posts]:
    """One on a port, a free one by default."""
    kept = Posts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posts.append((self.path, dict(self.headers), body))
            self.send_response(kept.status)
            self.end_headers()
            self.wfile.write(b"the store's own words")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def spans_of(body: bytes) -> list[Any]:
    """The spans of a request to a collector."""
    request = ExportTraceServiceRequest.FromString(body)
    return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def points_of(body: bytes, name: str) -> list[Any]:
    """The points of a sum in a request to a collector."""
    request = ExportMetricsServiceRequest.FromString(body)
    scopes = [scope for resource in request.resource_metrics for scope in resource.scope_metrics]
    return [
        point for scope in scopes for metric in scope.metrics if metric.name == name for point in metric.sum.data_points
    ]
