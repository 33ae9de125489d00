"""The shape of `.sealane.yml`, as people write it. Pure: `dialects/native.py` interprets it.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sealane.configfiles.fields import (
    WHOLE,
    Duration,
    File,
    Group,
    ImageReference,
    Maybe,
    Name,
    RelativePath,
    SecretName,
    StepImage,
    TopFile,
    User,
    Variable,
)
from sealane.pipelines.condition_files import StepWhenFile, WhenFile
from sealane.pipelines.delivery_files import DeliverItem
from sealane.pipelines.field_shapes import GlobList, Scripts, Text, Texts
from sealane.pipelines.notices import AppNoticeFile

FailureName = Literal["infrastructure", "failure"]


class RetryFile(File):
    """When to try again."""

    limit: Annotated[int, Field(ge=1, le=10), WHOLE]
    """How many more attempts after the first."""
    on: Maybe[Annotated[list[FailureName], Field(min_length=1, max_length=200)]] = None
    """The failures to retry: infrastructure (engine lost, image not pulled), as if left out, or failure (the step's own exit)."""


class ReportsFile(File):
    """Files to be read after the step, whether it passed or not."""

    junit: Maybe[GlobList] = None
    """JUnit XML files in the workspace."""


class StepFile(File):
    """One container that runs in the workspace."""

    name: Name
    """What the step is called, in `needs`, logs and pages. Steps and images share one set of names."""
    image: StepImage
    """The image to run: a reference, or ${image.NAME} for an image of this file that the step needs."""
    commands: Maybe[Scripts] = None
    """Shell commands, run one after the other until one fails. They have no input: `read` fails. Left out, the image's own entry point runs."""
    environment: Maybe[Annotated[dict[Variable, Text], Field(max_length=500)]] = None
    """Environment variables. Values are texts: quote numbers, or 3.10 would become 3.1."""
    secrets: Maybe[Annotated[list[SecretName], Field(min_length=1, max_length=200)]] = None
    """Names of secrets, each set as an environment variable and hidden in the log."""
    user: Maybe[User] = None
    """The user, and perhaps the group, that it runs as: a name of the image's or a number; the image's when left out."""
    needs: Maybe[Annotated[list[Name], Field(max_length=200)]] = None
    """Steps and images that must have ended before. Any `needs` makes the steps a graph: one without starts at once."""
    when: Maybe[StepWhenFile] = None
    """Conditions; a step whose conditions don't hold is skipped, and steps that need it go on."""
    timeout: Maybe[Duration] = None
    """How long one attempt may take before it is stopped and has failed: 10m, 1h30m. An hour when left out."""
    retry: Maybe[RetryFile] = None
    """Whether and when to try again."""
    reports: Maybe[ReportsFile] = None
    """Reports that the step writes."""


class HealthcheckFile(File):
    """How to find out whether a service is ready."""

    test: Texts
    """A shell command, or a list that is run as it is; NONE for no check. Exit code 0 means ready."""
    interval: Maybe[Duration] = None
    """Time between two tests; a second when left out."""
    timeout: Maybe[Duration] = None
    """How long one test may take; 5s when left out."""
    retries: Maybe[Annotated[int, Field(ge=1, le=1000), WHOLE]] = None
    """Failed tests in a row after which the service counts as unhealthy; 30 when left out."""
    start_period: Maybe[Duration] = None
    """Time at the start in which failed tests don't count; none when left out."""


class ServiceFile(File):
    """A container that runs beside the steps, which reach it by its name."""

    image: ImageReference
    """The image to run."""
    command: Maybe[Texts] = None
    """What to run instead of the image's own command: a shell command, or a list that is run as it is."""
    environment: Maybe[Annotated[dict[Variable, Text], Field(max_length=500)]] = None
    """Environment variables."""
    secrets: Maybe[Annotated[list[SecretName], Field(min_length=1, max_length=200)]] = None
    """Names of secrets, each set as an environment variable."""
    healthcheck: Maybe[HealthcheckFile] = None
    """How to find out that it is ready; steps start only then. Without one, the image's own is used if it has one."""
    ready_within: Maybe[Duration] = None
    """How long it may take to become ready, or the run fails showing its log; as the healthcheck allows, at least 1m."""


class BuildFile(File):
    """An image to build from the repository."""

    build: RelativePath
    """The folder whose files the build sees; `.` is the whole repository."""
    dockerfile: Maybe[RelativePath] = None
    """The build file, from the repository's root; the folder's Dockerfile when left out."""
    target: Maybe[Text] = None
    """The stage of the build file to stop at; the last one when left out."""
    args: Maybe[Annotated[dict[Variable, Text], Field(max_length=500)]] = None
    """Build arguments. They can be read from the image: what is secret goes under `secrets`."""
    secrets: Maybe[Annotated[list[SecretName], Field(min_length=1, max_length=200)]] = None
    """Names of secrets, each mounted at /run/secrets/NAME while it is built and in no layer."""
    needs: Maybe[Annotated[list[Name], Field(max_length=200)]] = None
    """Steps and images that must have ended before; all steps when left out, or nothing when a step needs this image."""
    when: Maybe[WhenFile] = None
    """Conditions; without the image nothing is delivered."""


class RetagFile(File):
    """A ready-made image that gets this run's deploy tag."""

    retag: ImageReference
    """The image to take; it is copied as it is, whatever its platforms, and never unpacked."""
    when: Maybe[WhenFile] = None
    """Conditions; without the image nothing is delivered."""


def _image_kind(value: Any) -> str:
    return "(retag)" if isinstance(value, dict) and "retag" in value and "build" not in value else "(build)"


ImageFile = Annotated[
    Annotated[BuildFile, Tag("(build)")] | Annotated[RetagFile, Tag("(retag)")], Discriminator(_image_kind)
]


def _submodules_kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "(all)"
    return "(recursive)" if value == "recursive" else None


SubmodulesItem = Annotated[
    Annotated[bool, Tag("(all)")] | Annotated[Literal["recursive"], Tag("(recursive)")],
    Discriminator(
        _submodules_kind,
        custom_error_type="shape",
        custom_error_message="must be true, false or recursive",
    ),
]


class CloneFile(File):
    """How much of the repository a run on a server has; on your machine it has your folder."""

    depth: Maybe[Annotated[int, Field(ge=1, le=1_000_000), WHOLE]] = None
    """How many commits; when left out all of them, with every branch and tag."""
    submodules: Maybe[SubmodulesItem] = None
    """Whether submodules are fetched; `recursive`: theirs, too. The operators say from where they may be. Not when left
    out, with a warning where there are some."""
    lfs: Maybe[bool] = None
    """Whether the files of Git LFS are fetched; else they are pointers. Not when left out, with a warning where there
    are some."""


class PipelineFile(TopFile):
    """What to do when something happens to a repository: `.sealane.yml`."""

    app: Name
    """The product's name, unique on a server."""
    owner: Maybe[Group] = None
    """Who answers for it; a server may know."""
    clone: Maybe[CloneFile] = None
    """How much of the repository a run on a server has; all its history, and neither submodules nor the files of Git LFS,
    when left out."""
    services: Maybe[Annotated[dict[Name, ServiceFile], Field(max_length=50)]] = None
    """Containers beside the steps, such as a database. They start first; steps reach them by their name here."""
    steps: Maybe[Annotated[list[StepFile], Field(min_length=1, max_length=200)]] = None
    """What to run, in order; any `needs` makes it a graph."""
    steps_from: Maybe[Annotated[str, Field(min_length=1, max_length=200)]] = None
    """A file of another CI beside this one, such as .woodpecker.yml: its steps run, with its services and conditions. In place of steps, services and clone."""
    images: Maybe[Annotated[dict[Name, ImageFile], Field(max_length=100)]] = None
    """Images to build or retag, all under one deploy tag; after the steps, unless a step needs one."""
    deliver: Maybe[Annotated[list[DeliverItem], Field(min_length=1, max_length=200)]] = None
    """Formations that the finished run is delivered to, one after the other."""
    notices: Maybe[Annotated[list[AppNoticeFile], Field(min_length=1, max_length=50)]] = None
    """Who is told of what, in addition to the operators' notices."""
