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
    Glob,
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
from sealane.pipelines.notices import AppNoticeFile

EventName = Literal["push", "pull_request", "tag", "schedule", "promote", "rollback", "manual"]
StatusName = Literal["success", "failure"]
FailureName = Literal["infrastructure", "failure"]


def _shape(value: Any) -> str | None:
    """The chosen form of a value; tags are in brackets so that they never are a key's name."""
    shapes: dict[type, str] = {str: "(one)", list: "(list)", dict: "(mapping)"}
    return shapes.get(type(value))


def _one_or_list(what: str) -> Discriminator:
    return Discriminator(_shape, custom_error_type="shape", custom_error_message=f"must be {what} or a list of them")


def _patterns(what: str) -> Discriminator:
    return Discriminator(
        _shape,
        custom_error_type="shape",
        custom_error_message=f"must be {what}, a list of them, or {{include: […], exclude: […]}}",
    )


Text = Annotated[str, Field(max_length=65536)]
Texts = Annotated[
    Annotated[Text, Tag("(one)")] | Annotated[list[Text], Field(min_length=1, max_length=200), Tag("(list)")],
    _one_or_list("a text"),
]


Script = Annotated[str, Field(max_length=1024 * 1024)]
Scripts = Annotated[
    Annotated[Script, Tag("(one)")] | Annotated[list[Script], Field(min_length=1, max_length=200), Tag("(list)")],
    _one_or_list("a text"),
]


class EventPatterns(File):
    """Events by what is wanted and what is not."""

    include: Maybe[Annotated[list[EventName], Field(min_length=1, max_length=200)]] = None
    """Events of which one must have happened; all when left out."""
    exclude: Maybe[Annotated[list[EventName], Field(min_length=1, max_length=200)]] = None
    """Events that must not have happened."""


class GlobPatterns(File):
    """Globs by what is wanted and what is not."""

    include: Maybe[Annotated[list[Glob], Field(min_length=1, max_length=200)]] = None
    """Globs of which one must match; everything when left out."""
    exclude: Maybe[Annotated[list[Glob], Field(min_length=1, max_length=200)]] = None
    """Globs of which none may match."""


Events = Annotated[
    Annotated[EventName, Tag("(one)")]
    | Annotated[list[EventName], Field(min_length=1, max_length=200), Tag("(list)")]
    | Annotated[EventPatterns, Tag("(mapping)")],
    _patterns("an event"),
]
Globs = Annotated[
    Annotated[Glob, Tag("(one)")]
    | Annotated[list[Glob], Field(min_length=1, max_length=200), Tag("(list)")]
    | Annotated[GlobPatterns, Tag("(mapping)")],
    _patterns("a glob"),
]
GlobList = Annotated[
    Annotated[Glob, Tag("(one)")] | Annotated[list[Glob], Field(min_length=1, max_length=200), Tag("(list)")],
    _one_or_list("a glob"),
]
Groups = Annotated[
    Annotated[Group, Tag("(one)")] | Annotated[list[Group], Field(min_length=1, max_length=200), Tag("(list)")],
    _one_or_list("a group"),
]
Statuses = Annotated[
    Annotated[StatusName, Tag("(one)")]
    | Annotated[list[StatusName], Field(min_length=1, max_length=200), Tag("(list)")],
    _one_or_list("success or failure"),
]


class WhenFile(File):
    """Conditions on the event; all of those given must hold."""

    event: Maybe[Events] = None
    """What happened: push, pull_request, tag, schedule, promote, rollback or manual."""
    branch: Maybe[Globs] = None
    """The branch pushed to; of a pull request the branch it wants into. A tag is on no branch."""
    paths: Maybe[Globs] = None
    """Files changed, from the repository's root. Where nobody can tell what changed, every path counts as changed."""
    ref: Maybe[Globs] = None
    """The full reference, such as refs/tags/v1.2."""


class StepWhenFile(WhenFile):
    """Conditions on the event, and on how it went so far."""

    status: Maybe[Statuses] = None
    """How everything before this step went: success (as if left out), failure, or both."""


class RetryFile(File):
    """When to try again."""

    limit: Annotated[int, Field(ge=1, le=10), WHOLE]
    """How many more times after the first."""
    on: Maybe[Annotated[list[FailureName], Field(min_length=1, max_length=200)]] = None
    """After what: infrastructure (engine lost, image not pulled), as if left out, or failure (the step's own exit)."""


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
    """Conditions; a step whose conditions don't hold is skipped, and what needs it goes on."""
    timeout: Maybe[Duration] = None
    """How long one try may take before it is stopped and has failed: 10m, 1h30m. An hour when left out."""
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


class ApprovalFile(File):
    """Who must agree before it is delivered."""

    by: Groups
    """The group or groups whose people may agree."""
    count: Maybe[Annotated[int, Field(ge=1, le=20), WHOLE]] = None
    """How many different people, out of all those groups together; 1 when left out. Who asked does not count."""


class DeliveryFile(File):
    """A formation to deliver to."""

    formation: Name
    """The formation: a file in deploy/formations."""
    approval: Maybe[ApprovalFile] = None
    """Who must agree first. The operators' file may ask for more, never for less."""
    when: Maybe[WhenFile] = None
    """Conditions. Left out, pushes to the default branch are delivered, and runs started by hand or by a promotion."""


class MemberFile(File):
    """A formation of several that move together."""

    formation: Name
    """The formation: a file in deploy/formations."""
    keep: bool = False
    """Whether it stays where it is when the others go back."""


def _member_kind(value: Any) -> str | None:
    return None if isinstance(value, list) else _shape(value)


MemberItem = Annotated[
    Annotated[Name, Tag("(one)")] | Annotated[MemberFile, Tag("(mapping)")],
    Discriminator(
        _member_kind,
        custom_error_type="shape",
        custom_error_message="must be the name of a formation, or {formation: NAME, keep: true}",
    ),
]


class ReleaseGroupFile(File):
    """Several formations that the release reaches together or not at all."""

    formations: Annotated[list[MemberItem], Field(min_length=2, max_length=50)]
    """The formations, in the order in which they move. When one fails, those that had moved go back in reverse order."""
    parallel: bool = False
    """Whether they move side by side instead of one after the other."""
    approval: Maybe[ApprovalFile] = None
    """Who must agree first, for each of them. The operators' file may ask for more, never for less."""
    when: Maybe[WhenFile] = None
    """Conditions, for all of them. Left out, as for one formation."""


def _delivery_kind(value: Any) -> str | None:
    if isinstance(value, dict) and "formations" in value:
        return "(release group)"
    return None if isinstance(value, list) else _shape(value)


def _image_kind(value: Any) -> str:
    return "(retag)" if isinstance(value, dict) and "retag" in value and "build" not in value else "(build)"


ImageFile = Annotated[
    Annotated[BuildFile, Tag("(build)")] | Annotated[RetagFile, Tag("(retag)")], Discriminator(_image_kind)
]
DeliverItem = Annotated[
    Annotated[Name, Tag("(one)")]
    | Annotated[DeliveryFile, Tag("(mapping)")]
    | Annotated[ReleaseGroupFile, Tag("(release group)")],
    Discriminator(
        _delivery_kind,
        custom_error_type="shape",
        custom_error_message="must be the name of a formation, {formation: NAME, …} or {formations: [NAME, NAME], …}",
    ),
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
    images: Maybe[Annotated[dict[Name, ImageFile], Field(max_length=100)]] = None
    """Images to build or retag, all under one deploy tag; after the steps, unless a step needs one."""
    deliver: Maybe[Annotated[list[DeliverItem], Field(min_length=1, max_length=200)]] = None
    """Formations the finished run goes to, one after the other."""
    notices: Maybe[Annotated[list[AppNoticeFile], Field(min_length=1, max_length=50)]] = None
    """Who is told of what, beside whom the operators have told."""
