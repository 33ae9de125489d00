"""OpenTelemetry by OTLP over HTTP: a run and what it delivers are one trace; metrics are those of `/metrics`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field, SecretStr

from sealane.clients import metric_posts, otlp
from sealane.clients.otlp import Resource
from sealane.metric_sinks.port import Push, SinkAdapter, SinkContext, SinkSettings, Telemetry
from sealane.metrics.model import Family

_TRACES, _METRICS = "/v1/traces", "/v1/metrics"


class OtlpSettings(SinkSettings):
    """The collector that receives telemetry."""

    url: str
    """Where it listens, such as `http://collector:4318`; `/v1/traces` and `/v1/metrics` are added."""
    headers: SecretStr = SecretStr("")
    """Headers of each request, such as `api-key=…,tenant=shop`."""
    every: float = Field(default=60, ge=0)
    """Seconds between two pushes of metrics; 0 for a collector that takes only traces."""


class Otlp:
    """A collector."""

    def __init__(self, settings: OtlpSettings, context: SinkContext) -> None:
        self._url = settings.url.rstrip("/").removesuffix(_TRACES).removesuffix(_METRICS)
        pairs = (pair.partition("=") for pair in settings.headers.get_secret_value().split(",") if "=" in pair)
        self._headers = {name.strip(): value.strip() for name, _, value in pairs}
        self._of = Resource(version=context.version, process=context.process)
        self._prefix = context.prefix

    async def send(self, telemetry: Telemetry) -> None:
        """Sends all spans in one request; a span that is sent again has the same id."""
        await self._post(_TRACES, otlp.traces(telemetry.spans, self._of))

    async def push(self, families: Sequence[Family], at: datetime) -> None:
        """Sends all current metrics in one request; they are cumulative."""
        await self._post(_METRICS, otlp.metrics(families, at, self._of, prefix=self._prefix))

    async def _post(self, path: str, body: bytes) -> None:
        await metric_posts.post(self._url + path, body, {**self._headers, "Content-Type": otlp.CONTENT_TYPE})


def _push(settings: OtlpSettings, context: SinkContext) -> Push | None:
    return Push(every=settings.every, send=Otlp(settings, context).push) if settings.every else None


ADAPTER = SinkAdapter(settings=OtlpSettings, open=Otlp, traces=True, push=_push)
