"""The shape of `gates:` and `guard:` in a formation, as people write them. Pure; meant in `gate_reading.py`.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sealane.configfiles.fields import WHOLE, Duration, File, Matching, Maybe, Name
from sealane.secrets import references

MOST_GATES = 50

Url = Annotated[
    str,
    Matching(
        pattern=(
            r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
            r"(?::[0-9]{1,5})?(?:[/?][!-\[\]-~]*)?"
        ),
        expected="an address such as https://shop.example.com/healthz",
        longest=2048,
        hint=lambda text: "credentials don't stand in addresses" if "@" in text else None,
    ),
]

ConditionText = Annotated[
    str,
    Matching(
        pattern=r"(?:<=|>=|==|!=|<|>) ?-?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE]-?[0-9]{1,2})?",
        expected="a condition",
        longest=48,
        hint=lambda _: 'a comparison and a number: "< 0.01"',
    ),
]

Asked = Annotated[str, Field(min_length=1, max_length=8192)]
"""A query in the metric store's own language."""

KeyReference = Annotated[str, references.ReferenceField()]
"""A reference such as env:DATADOG_KEY."""

Status = Annotated[int, Field(ge=100, le=599), WHOLE]
Text = Annotated[str, Field(max_length=4096)]
Command = Annotated[list[Annotated[str, Field(max_length=65536)]], Field(min_length=1, max_length=200)]
JobImage = Annotated[str, Field(min_length=1, max_length=512)]


def by(*keys: str) -> Callable[[Any], str]:
    """Tells variants apart by the first of these keys that is there."""

    def tag(value: Any) -> str:
        found = next((key for key in keys if isinstance(value, Mapping) and key in value), keys[0])
        return f"({found})"

    return tag


class HttpFile(File):
    """Samples of one address."""

    url: Url
    """The address; redirects are not followed. On a server its host must be listed in the environment's file."""
    samples: Annotated[int, Field(ge=1, le=10_000), WHOLE] = 5
    """How many samples are taken."""
    interval: Maybe[Duration] = None
    """From the beginning of one sample to that of the next; 2s when left out."""
    timeout: Maybe[Duration] = None
    """How long an answer may take; 5s when left out."""
    status: Maybe[Annotated[list[Status], Field(min_length=1, max_length=50)]] = None
    """Good answers, such as [200, 404]; any from 200 to 299 when left out."""
    max_failures: Annotated[int, Field(ge=0, le=10_000), WHOLE] = 0
    """How many samples may fail."""
    latency_p95: Maybe[Duration] = None
    """The most that 95 of 100 good answers may take."""


class _QueryFile(File):
    """What all metric stores are asked alike."""

    query: Asked
    """The query, in the store's own language; each series of its answer must fulfil the condition."""
    condition: ConditionText
    """What the value must be: "< 0.01"."""
    duration: Maybe[Duration] = None
    """For how long it is asked again and again; once when left out."""
    interval: Maybe[Duration] = None
    """From one answer to the next; 10s when left out."""
    max_failures: Annotated[int, Field(ge=0, le=10_000), WHOLE] = 0
    """How many answers may break the condition."""
    no_data: Literal["inconclusive", "pass", "fail"] = "inconclusive"
    """What it means that the query gives nothing."""


class PrometheusFile(_QueryFile):
    """A PromQL query whose answer is an instant vector or a scalar."""

    url: Url
    """Address of the server, without /api/v1."""
    token: Maybe[KeyReference] = None
    """Reference of a bearer token, where one is needed."""


class DatadogFile(_QueryFile):
    """A Datadog metrics query; the last point of each series counts."""

    url: Url
    """Address of the API: https://api.datadoghq.eu."""
    key: KeyReference
    """Reference of the API key."""
    application_key: KeyReference
    """Reference of the application key."""
    window: Maybe[Duration] = None
    """How far back the series reaches; 5m when left out."""


class InfluxdbFile(_QueryFile):
    """An InfluxQL query; the first number of each series' last row counts."""

    url: Url
    """Address of the server."""
    database: Annotated[str, Field(min_length=1, max_length=128)]
    """The database."""
    token: Maybe[KeyReference] = None
    """Reference of a token, of user:password for InfluxDB 1.x."""


class StencilJobFile(File):
    """A Job of the stencils, which is then not applied with the others."""

    stencil: Name
    """The Job's name in the stencils."""
    timeout: Maybe[Duration] = None
    """How long it may take; 10m when left out."""


class ImageJobFile(File):
    """A Job that Sealane writes: one container with the formation's ${secrets} and ${config} as its environment."""

    image: JobImage
    """The image: ${image.web}, or a reference."""
    command: Command
    """The command; words in it are replaced."""
    timeout: Maybe[Duration] = None
    """How long it may take; 10m when left out."""


JobFile = Annotated[
    Annotated[StencilJobFile, Tag("(stencil)")] | Annotated[ImageJobFile, Tag("(image)")],
    Discriminator(by("image", "stencil")),
]


class AlertsFile(File):
    """Alerts that Alertmanager, Datadog, Grafana and the like send to the server about this formation."""

    max: Annotated[int, Field(ge=0, le=10_000), WHOLE] = 0
    """How many may come in."""
    duration: Maybe[Duration] = None
    """How long they are waited for, counted from the deployment's start; those that came by then when left out."""
    matching: Maybe[Annotated[dict[Text, Text], Field(max_length=50)]] = None
    """Labels that an alert must have to count: {severity: critical}."""


class _GateFile(File):
    """What all gates have."""

    name: Name
    """The gate's name."""
    wait: Maybe[Duration] = None
    """How long a person is waited for when the gate is inconclusive; 1h when left out, and then it has failed."""


class HttpGateFile(_GateFile):
    """A gate that samples one address."""

    http: HttpFile
    """Which address, how often, and what is good."""


class PrometheusGateFile(_GateFile):
    """A gate that asks Prometheus."""

    prometheus: PrometheusFile
    """What is asked, and what the answer must be."""


class DatadogGateFile(_GateFile):
    """A gate that asks Datadog."""

    datadog: DatadogFile
    """What is asked, and what the answer must be."""


class InfluxdbGateFile(_GateFile):
    """A gate that asks InfluxDB."""

    influxdb: InfluxdbFile
    """What is asked, and what the answer must be."""


class JobGateFile(_GateFile):
    """A gate that runs a Job, which has to end well."""

    job: JobFile
    """The Job."""


class AlertsGateFile(_GateFile):
    """A gate that counts alerts."""

    alerts: AlertsFile
    """Which alerts, and how many may come in."""


GateFile = Annotated[
    Annotated[HttpGateFile, Tag("(http)")]
    | Annotated[PrometheusGateFile, Tag("(prometheus)")]
    | Annotated[DatadogGateFile, Tag("(datadog)")]
    | Annotated[InfluxdbGateFile, Tag("(influxdb)")]
    | Annotated[JobGateFile, Tag("(job)")]
    | Annotated[AlertsGateFile, Tag("(alerts)")],
    Discriminator(by("http", "prometheus", "datadog", "influxdb", "job", "alerts")),
]
GatesFile = Annotated[list[GateFile], Field(min_length=1, max_length=MOST_GATES)]


class GuardFile(File):
    """What is looked at while it rolls out, without any metrics."""

    restarts: bool = True
    """Whether too many restarts over all instances fail it, where no single one would."""
    flaps: bool = True
    """Whether instances that become ready and unready again and again fail it."""
    new_errors: Literal["warn", "fail", "ignore"] = "ignore"
    """What error lines come to that the last verified revision never printed: told, a failure, or not looked at."""
