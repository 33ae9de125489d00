"""The shape of `hooks:` in a formation, as people write them. Pure; meant in `gate_reading.py` and `annotation_reading.py`.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from sealane.configfiles.fields import File, Maybe, Name
from sealane.stencils.gate_files import Command, ImageJobFile, KeyReference, StencilJobFile, Url, by

MOST_HOOKS = 20


class UndoFile(File):
    """What undoes a hook."""

    command: Command
    """The command, in the hook's own image."""


class StencilHookFile(StencilJobFile):
    """A hook that is a Job of the stencils."""

    name: Name
    """The hook's name."""


class ImageHookFile(ImageJobFile):
    """A hook that is an image and a command."""

    name: Name
    """The hook's name."""


class StencilBeforeFile(StencilHookFile):
    """A hook before the rollout that is a Job of the stencils."""

    reversible: Maybe[UndoFile] = None
    """What undoes it when the release is rolled back; it is never undone when left out."""


class ImageBeforeFile(ImageHookFile):
    """A hook before the rollout that is an image and a command."""

    reversible: Maybe[UndoFile] = None
    """What undoes it when the release is rolled back; it is never undone when left out."""


HookFile = Annotated[
    Annotated[StencilHookFile, Tag("(stencil)")] | Annotated[ImageHookFile, Tag("(image)")],
    Discriminator(by("image", "stencil")),
]
BeforeFile = Annotated[
    Annotated[StencilBeforeFile, Tag("(stencil)")] | Annotated[ImageBeforeFile, Tag("(image)")],
    Discriminator(by("image", "stencil")),
]


class GrafanaFile(File):
    """An annotation in Grafana."""

    url: Url
    """Address of the server."""
    token: KeyReference
    """Reference of a service account's token that may write annotations."""


class DatadogEventFile(File):
    """An event in Datadog."""

    url: Url
    """Address of the API: https://api.datadoghq.eu."""
    key: KeyReference
    """Reference of the API key."""


class InfluxdbPointFile(File):
    """A point of the measurement `deployments` in InfluxDB."""

    url: Url
    """Address of the server."""
    database: Annotated[str, Field(min_length=1, max_length=128)]
    """The database."""
    token: Maybe[KeyReference] = None
    """Reference of a token, of user:password for InfluxDB 1.x."""


class _AnnotationFile(File):
    """What all annotations have."""

    name: Name
    """The annotation's name."""


class GrafanaAnnotationFile(_AnnotationFile):
    """Tells Grafana."""

    grafana: GrafanaFile
    """Which Grafana."""


class DatadogAnnotationFile(_AnnotationFile):
    """Tells Datadog."""

    datadog: DatadogEventFile
    """Which Datadog."""


class InfluxdbAnnotationFile(_AnnotationFile):
    """Tells InfluxDB."""

    influxdb: InfluxdbPointFile
    """Which InfluxDB."""


AnnotationFile = Annotated[
    Annotated[GrafanaAnnotationFile, Tag("(grafana)")]
    | Annotated[DatadogAnnotationFile, Tag("(datadog)")]
    | Annotated[InfluxdbAnnotationFile, Tag("(influxdb)")],
    Discriminator(by("grafana", "datadog", "influxdb")),
]


class HooksFile(File):
    """Jobs around a rollout, each kind in the order in which it is written."""

    before: Maybe[Annotated[list[BeforeFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """Before anything of the workloads is written, once for each release: migrations."""
    after: Maybe[Annotated[list[HookFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """Once it is healthy and its gates are passed."""
    failure: Maybe[Annotated[list[HookFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """When it failed, after going back; the cause stands in SEALANE_CAUSE."""
    annotate: Maybe[Annotated[list[AnnotationFile], Field(min_length=1, max_length=MOST_HOOKS)]] = None
    """Metric stores that are told how it ended, whichever way: for the line in their graphs."""
