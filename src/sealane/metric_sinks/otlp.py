"""OpenTelemetry by OTLP over HTTP: a run and what it delivers are one trace."""

from __future__ import annotations

from pydantic import SecretStr

from sealane.clients import metric_posts, otlp
from sealane.metric_sinks.port import SinkAdapter, SinkContext, SinkSettings, Telemetry

_PATH = "/v1/traces"


class OtlpSettings(SinkSettings):
    """The collector that is told."""

    url: str
    """Where it listens, such as `http://collector:4318`; `/v1/traces` is added."""
    headers: SecretStr = SecretStr("")
    """What it wants with each request, such as `api-key=…,tenant=shop`."""


class Otlp:
    """A collector."""

    def __init__(self, settings: OtlpSettings, context: SinkContext) -> None:
        self._url = settings.url.rstrip("/").removesuffix(_PATH) + _PATH
        pairs = (pair.partition("=") for pair in settings.headers.get_secret_value().split(",") if "=" in pair)
        self._headers = {name.strip(): value.strip() for name, _, value in pairs}
        self._version = context.version

    async def send(self, told: Telemetry) -> None:
        """All spans in one request; a span that is told again has the id that it had. See the port."""
        body = otlp.traces(told.spans, version=self._version)
        await metric_posts.post(self._url, body, {**self._headers, "Content-Type": otlp.CONTENT_TYPE})


ADAPTER = SinkAdapter(settings=OtlpSettings, open=Otlp, traces=True)
