"""The formation that a release tool's variables mean: a chart, its values in S3, an image by its tag.

All that they leave open is looked up once and written down by its content: the version and digest of the chart, the digest of
each file of values, and the digest of the image. The formation that comes out can be committed as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sealane.adapters import SHIPPED, Adapters
from sealane.charts import buckets
from sealane.charts import values as chart_values
from sealane.charts.buckets import BucketObject
from sealane.charts.model import RemoteChart
from sealane.cli.local.local_formation import Project
from sealane.clients import registry
from sealane.clients.chart_repositories import ChartRepositories
from sealane.clients.registry_repository import ImageMissing
from sealane.configfiles import documents
from sealane.configfiles.trees import FileMissing, FolderTree, Tree
from sealane.errors import InvalidFiles, NotThere, UsageError
from sealane.findings import did_you_mean, errors
from sealane.formations import formation_names
from sealane.formations import reading as formation_reading
from sealane.formations.model import Chart
from sealane.images import references
from sealane.stencils import chart_inputs, manifest_yaml, render_inputs
from sealane.stencils.sources import ChartSource

_FILE = "Chart.yaml"
_IMAGE = "image"
"""The image's name in the formation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseWords:
    """What a release tool is told."""

    name: str
    namespace: str
    chart: str
    """A folder, a name in `repository`, or both in one: `s3://BUCKET/FOLDER/NAME`."""
    repository: str | None = None
    version: str | None = None
    """None: the newest."""
    folder: str | None = None
    """The folder of values, `s3://BUCKET/FOLDER` or `BUCKET/FOLDER`."""
    values: str | None = None
    """The file in it."""
    base: str | None = None
    """The file in it that is laid under the other."""
    tag: str | None = None
    """The image's tag, a short hash of a commit."""
    image: str = _IMAGE
    """The path of the image in the chart's values."""
    by_tag: bool = False
    """Whether the image stays a tag, without asking the registry what it means."""
    environment: str = "release"
    patience: str | None = None
    """How long a rollout may take, and `healthy_for` how long it must be healthy, as a formation's strategy has them."""
    healthy_for: str | None = None

    @property
    def strategy(self) -> dict[str, str]:
        """The formation's strategy, as far as it is said."""
        spans = {"healthy_for": self.healthy_for, "patience": self.patience}
        return {key: span for key, span in spans.items() if span}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseFormation:
    """What they mean."""

    words: ReleaseWords
    text: str
    """The formation's file."""
    images: Mapping[str, str] = field(default_factory=dict)
    """The image by its digest."""
    told: tuple[tuple[str, str], ...] = ()
    """What was made of which word, for people."""

    @property
    def path(self) -> str:
        """Where the file would be in a repository."""
        return f"{formation_names.FOLDER}/{self.words.name}.yaml"

    def project(self, folder: Path, app: str, adapters: Adapters = SHIPPED) -> Project:
        """The formation, ready to be rendered. Raises InvalidFiles."""
        tree = _ReleaseTree(FolderTree(folder), self)
        sources, findings = render_inputs.gather(tree, self.words.name, adapters)
        if sources is None or errors(findings):
            raise InvalidFiles(findings)
        return Project(
            folder=folder,
            tree=tree,
            app=app,
            pipeline=None,
            sources=sources,
            images=self.images,
            adapters=adapters,
        )


@dataclass(frozen=True, slots=True)
class _ReleaseTree:
    """A folder with that formation, and no stencils of other ones."""

    below: Tree
    made: ReleaseFormation

    def files(self, folder: str) -> tuple[str, ...]:
        if folder == formation_names.FOLDER:
            return (self.made.path,)
        return () if folder == render_inputs.STENCILS else self.below.files(folder)

    def read(self, path: str) -> bytes:
        return self.made.text.encode() if path == self.made.path else self.below.read(path)


async def resolve(words: ReleaseWords, folder: Path, repositories: ChartRepositories, *, app: str) -> ReleaseFormation:
    """Looks up what the words leave open. Raises UsageError, InvalidFiles, NotThere, Refused and Unavailable."""
    _check(words, _head(words))
    chart, files, variables = await _chart(words, folder, repositories, app)
    source = ChartSource(chart=Chart(release=words.name, path=words.chart))
    values = chart_inputs.filled(source, files).defaults
    wanted: list[str] = []
    for label, name in (("HELM_VALUES_BASE_ON", words.base), ("HELM_VALUES_FILENAME", words.values)):
        if name is None:
            continue
        there, content = await repositories.values(_object(words, name), app=app)
        values = chart_values.merged(values, _mapping(content, there.address))
        # Files of a release tool know no placeholders.
        wanted.append(f"{chart_inputs.RAW}{there}")
        variables.append((label, str(there)))
    own: dict[str, Any] = {**chart, "mode": "release"}
    if wanted:
        own["value_files"] = wanted
    images: dict[str, str] = {}
    if words.tag is not None:
        reference, more = await _image(words, values)
        own |= more
        images = {} if words.by_tag else {_IMAGE: reference}
        variables.append(("SHORT_GIT_HASH", reference))
    made = ReleaseFormation(
        words=words,
        text=manifest_yaml.as_yaml({**_head(words), "charts": {words.name: own}}),
        images=images,
        told=tuple(variables),
    )
    _check(words, {**_head(words), "charts": {words.name: own}})
    return made


def _head(words: ReleaseWords) -> dict[str, Any]:
    """The formation without its chart."""
    return {
        "formation": words.name,
        "environment": words.environment,
        "destination": "here",
        "namespace": words.namespace,
        **({"strategy": words.strategy} if words.strategy else {}),
    }


def _check(words: ReleaseWords, formation: Mapping[str, Any]) -> None:
    """Raises InvalidFiles where it is no formation: before anything is asked for, and before it is shown."""
    text, file = manifest_yaml.as_yaml(formation), f"{formation_names.FOLDER}/{words.name}.yaml"
    _, findings = formation_reading.read_formation(text, file)
    if errors(findings):
        raise InvalidFiles(errors(findings))


async def _chart(
    words: ReleaseWords, folder: Path, repositories: ChartRepositories, app: str
) -> tuple[dict[str, str], Mapping[str, bytes], list[tuple[str, str]]]:
    """The chart's keys in a formation, its files, and what to tell of it."""
    tree, path = FolderTree(folder), words.chart.removeprefix("./").strip("/")
    if words.repository is None and "://" not in words.chart:
        try:
            tree.read(f"{path}/{_FILE}")
        except FileMissing:
            hint = "write where it is: HELM_CHART_REPOSITORY=s3://BUCKET/FOLDER, or a folder with a chart"
            raise UsageError(f"nothing says where the chart {words.chart} is", hint=hint) from None
        files = {name.removeprefix(f"{path}/"): tree.read(name) for name in tree.files(path)}
        return {"path": path}, files, [("HELM_CHART_NAME", f"the folder {path}")]
    repository, _, name = words.chart.rpartition("/")
    repository = (
        words.repository or repository
    )  # `team/web` is helm's own name for a repository that is known otherwise
    remote = RemoteChart(repository=repository.rstrip("/"), name=name, version=words.version or "")
    if words.version is None:
        remote = replace(remote, version=await repositories.newest(remote, app=app))
    packed = await repositories.fetch(remote, app=app)
    keys = {
        "repository": remote.repository,
        "chart": remote.name,
        "version": remote.version,
        "digest": packed.digest,
    }
    newest = "" if words.version else ", the newest"
    source = f"{remote.name} {remote.version}{newest}, of {remote.repository} ({packed.digest})"
    return keys, packed.files, [("HELM_CHART_NAME", source)]


def _object(words: ReleaseWords, name: str) -> BucketObject:
    if words.folder is None:
        raise UsageError(f"nothing says where the values {name} are", hint="write HELM_VALUES_S3_FOLDER")
    folder = words.folder.removeprefix(f"{buckets.SCHEME}://").strip("/")
    written = f"{buckets.SCHEME}://{folder}/{name.lstrip('/')}"
    there = buckets.parse(written)
    if there is None:
        raise UsageError(f"{written} is no object in S3", hint="HELM_VALUES_S3_FOLDER is s3://BUCKET/FOLDER")
    return there


def _mapping(content: bytes, address: str) -> Mapping[str, Any]:
    """The values of a file. Raises InvalidFiles."""
    read, findings = documents.read(content.decode(errors="replace"), address)
    if errors(findings):
        raise InvalidFiles(findings)
    return read[0].value if read and isinstance(read[0].value, dict) else {}


async def _image(words: ReleaseWords, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The reference of the image, and the chart's keys for it. Raises UsageError, NotThere and what a registry's client raises."""
    try:
        named = chart_values.image_name(values, chart_values.path_of(words.image))
        reference = references.parse(f"{named}:{words.tag}")
    except ValueError as problem:
        hint = did_you_mean(words.image, chart_values.image_paths(values))
        raise UsageError(f"the values have no image at {words.image}: {problem}", hint=hint) from None
    if words.by_tag:
        placed = chart_values.image_at(values, chart_values.path_of(words.image), str(reference))
        return str(reference), {"values": placed}
    try:
        digest = await registry.digest(reference)
    except ImageMissing as error:
        raise NotThere(error.message, hint="was it pushed? SHORT_GIT_HASH is the image's tag") from None
    return str(replace(reference, digest=digest)), {"images": {_IMAGE: words.image}}
