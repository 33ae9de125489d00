"""InfluxDB's line protocol, to a database of 1.x or a bucket of 2.x."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Self

from pydantic import SecretStr, model_validator

from sealane.clients import metric_posts
from sealane.metric_sinks.port import SinkAdapter, SinkContext, SinkSettings, Telemetry
from sealane.metrics.model import Measurement, Unit

_IN_TAGS = re.compile(r"([,= ])")


class InfluxSettings(SinkSettings):
    """The database or the bucket that is written to."""

    url: str
    """The server, such as `https://influxdb.example.com:8086`."""
    database: str | None = None
    """Of 1.x: the database."""
    user: str | None = None
    """Of 1.x: the user, if it needs one."""
    password: SecretStr = SecretStr("")
    """Of 1.x: the user's password."""
    bucket: str | None = None
    """Of 2.x: the bucket."""
    org: str | None = None
    """Of 2.x: its organization."""
    token: SecretStr | None = None
    """Of 2.x: a token that may write there."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.database is None) == (self.bucket is None):
            message = "wants a database (1.x), or a bucket (2.x)"
            raise ValueError(message)
        return self


class InfluxDB:
    """A server."""

    def __init__(self, settings: InfluxSettings, context: SinkContext) -> None:
        self._settings = settings
        self._prefix = context.prefix

    async def send(self, telemetry: Telemetry) -> None:
        """Writes a point for each group of measurements; sending the event again overwrites it."""
        written = "\n".join(_lines(self._prefix, telemetry)).encode()
        settings = self._settings
        url = settings.url.rstrip("/") + ("/write" if settings.database else "/api/v2/write")
        await metric_posts.post(url, written, _headers(settings), query=_query(settings))


def _query(settings: InfluxSettings) -> dict[str, str]:
    if settings.database:
        return {"db": settings.database, "precision": "ns"}
    return {"bucket": settings.bucket or "", "org": settings.org or "", "precision": "ns"}


def _headers(settings: InfluxSettings) -> dict[str, str]:
    if settings.token:
        return {"Authorization": f"Token {settings.token.get_secret_value()}"}
    if settings.user:
        pair = f"{settings.user}:{settings.password.get_secret_value()}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _lines(prefix: str, telemetry: Telemetry) -> Iterator[str]:
    """`sealane.release,app=shop,status=deployed count=1i,elapsed_time=31.2 1772366400000000000`.

    Details are fields, because each new tag value would begin a series. Events of one moment get times a nanosecond apart.
    """

    def group(measurement: Measurement) -> tuple[str, Mapping[str, str]]:
        return measurement.definition.name.rpartition(".")[0], measurement.labels

    for (name, labels), measurements in groupby(telemetry.measurements, key=group):
        given = list(measurements)
        fields = [f"{measurement.definition.name.rpartition('.')[2]}={_number(measurement)}" for measurement in given]
        fields += [f"{field}={_text(value)}" for field, value in given[0].details.items()]
        series = ",".join([_escaped(f"{prefix}.{name}"), *_tags(labels)])
        at = int(given[0].at.timestamp()) * 10**9 + given[0].at.microsecond * 1000 + telemetry.event % 1000
        yield f"{series} {','.join(fields)} {at}"


def _tags(labels: Mapping[str, str]) -> list[str]:
    return [f"{name}={_escaped(value)}" for name, value in sorted(labels.items()) if value]


def _number(measurement: Measurement) -> str:
    return f"{int(measurement.value)}i" if measurement.definition.unit is Unit.COUNT else repr(float(measurement.value))


def _escaped(value: str) -> str:
    return _IN_TAGS.sub(r"\\\1", value.replace("\n", " "))


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


ADAPTER = SinkAdapter(settings=InfluxSettings, open=InfluxDB)
