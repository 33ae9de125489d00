"""The shape of `charts:` in a formation, as people write it. Pure.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sealane.charts import buckets
from sealane.configfiles.fields import File, Matching, Maybe, Name, RelativePath

MOST_CHARTS = 20
_MOST = 100

ReleaseName = Annotated[
    str,
    Matching(
        pattern=r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
        expected="the name of a release (lower-case letters, digits and dashes)",
        longest=53,
    ),
]
"""Shorter than other names, because charts append to it; Helm's limit."""

ValuePath = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*",
        expected="a path of the chart's values, such as image or web.image",
        longest=500,
    ),
]

KubeVersion = Annotated[
    str,
    Matching(
        pattern=r"v?1\.[0-9]{1,3}(?:\.[0-9]{1,3})?",
        expected='a version of Kubernetes, such as "1.33"',
        hint=lambda text: f'quote it: "{text}"',
    ),
]

ApiVersion = Annotated[
    str,
    Matching(
        pattern=r"[a-z0-9.-]+(?:/[A-Za-z0-9.-]+){0,2}", expected="an API version, such as monitoring.coreos.com/v1"
    ),
]


RepositoryAddress = Annotated[
    str,
    Matching(
        pattern=r"(?:https|oci)://[A-Za-z0-9][^\s?#@]*|http://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?(?:/[^\s?#@]*)?"
        rf"|{buckets.ADDRESS}",
        expected="the address of a chart repository, https://…, oci://… or s3://…",
        longest=1024,
    ),
]

ChartName = Annotated[
    str, Matching(pattern=r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", expected="the name of a chart")
]

ChartVersion = Annotated[
    str,
    Matching(
        pattern=r"v?[0-9]+(?:\.[0-9]+){0,2}(?:[-+][A-Za-z0-9.+-]+)?",
        expected="one version, such as 1.2.3",
        hint=lambda text: f'quote it: "{text}"' if re.fullmatch(r"[0-9.]+", text) else "ranges are not taken",
    ),
]

ChartDigest = Annotated[str, Matching(pattern=r"sha256:[0-9a-f]{64}", expected="a digest: sha256: and 64 digits")]

ValueFile = Annotated[
    str,
    Matching(
        pattern=rf"(?:raw:)?{buckets.OBJECT}|(?!(?:raw:)?s3://)(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\n\r\\]+",
        expected="a path inside the repository, or s3://BUCKET/KEY@sha256:… of an object in S3",
        longest=3000,
        hint=lambda text: (
            None if "s3:" in text else "it starts at the repository's root, without / in front and without .."
        ),
    ),
]

HookEvent = Literal[
    "pre-install",
    "post-install",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "pre-delete",
    "post-delete",
    "test",
]


def _which_paths(value: Any) -> str:
    return "(several)" if isinstance(value, list) else "(one)"


ValuePaths = Annotated[
    Annotated[ValuePath, Tag("(one)")]
    | Annotated[list[ValuePath], Field(min_length=1, max_length=_MOST), Tag("(several)")],
    Discriminator(_which_paths),
]


class ChartFile(File):
    """A Helm chart, rendered by helm template."""

    path: Maybe[RelativePath] = None
    """The chart's folder in the repository, which holds its Chart.yaml; else repository, chart and version say where it is."""
    repository: Maybe[RepositoryAddress] = None
    """The address of a chart repository, https://… or s3://…, or of a folder in a registry, oci://…."""
    chart: Maybe[ChartName] = None
    """The chart's name in the repository."""
    version: Maybe[ChartVersion] = None
    """The chart's version."""
    digest: Maybe[ChartDigest] = None
    """The version's digest: of its archive, or in a registry of its manifest."""
    value_files: Maybe[Annotated[list[ValueFile], Field(min_length=1, max_length=_MOST)]] = None
    """Files of the repository with values, or s3:// and an object in S3, each laid over the one before; placeholders in them are replaced, but for raw: and a path."""
    values: Maybe[dict[str, Any]] = None
    """Values that are laid over those of the files; placeholders in them are replaced."""
    images: Maybe[Annotated[dict[Name, ValuePaths], Field(max_length=_MOST)]] = None
    """For each image of the pipeline, the path of the value, or several, that it is put into: {web: image} fills image.repository, image.tag and image.digest, or image where that is a text."""
    mode: Literal["template", "release"] = "template"
    """template: what the chart renders is deployed as stencils are; release: Helm installs and upgrades it, and helm list shows it."""
    history_max: Maybe[Annotated[int, Field(ge=2, le=1000)]] = None
    """How many versions of the release Helm keeps; 10 when left out. Only with mode: release."""
    tests: bool = False
    """Whether the chart's hooks for helm test are run as gates once all is healthy."""
    skip_hooks: Maybe[Annotated[list[HookEvent], Field(min_length=1)]] = None
    """Helm's events at which the chart's hooks do not run."""
    kube_version: Maybe[KubeVersion] = None
    """The Kubernetes version that the chart is rendered for; 1.36 when left out."""
    api_versions: Maybe[Annotated[list[ApiVersion], Field(min_length=1, max_length=_MOST)]] = None
    """The API versions that the chart is rendered for, besides Kubernetes' own."""
