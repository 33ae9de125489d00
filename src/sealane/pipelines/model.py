"""Pipelines: what to do for an event, and its state. Pure: knows nothing about files, engines or clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sealane.findings import Place
from sealane.pipelines.notices import NoticeRule


class FailureClass(StrEnum):
    """The cause of a step's failure: the user's own work, or the machinery under it."""

    FAILURE = "failure"
    INFRASTRUCTURE = "infrastructure"


class Outcome(StrEnum):
    """The result of everything before a step; `when: {status: …}` selects it."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Patterns:
    """Globs: one of `include` must match and none of `exclude` may; without `include`, everything matches."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """Conditions; all of those given must hold."""

    repository: Patterns | None = None
    """`OWNER/NAME` of the repository; one that is not known meets every condition."""
    event: Patterns | None = None
    branch: Patterns | None = None
    ref: Patterns | None = None
    paths: Patterns | None = None
    status: tuple[Outcome, ...] = (Outcome.SUCCESS,)
    expression: str | None = None
    """Over the variables of the event and `values`; see `expressions.py`."""
    values: Mapping[str, str] = field(default_factory=dict)
    never: str | None = None
    """Why they hold for no event, as the file alone tells; None where an event may meet them."""
    others: tuple[When, ...] = ()
    """Alternatives to the conditions above: one of all is enough. They have no alternatives of their own."""

    @property
    def alternatives(self) -> tuple[When, ...]:
        """All sets of conditions, of which one must hold."""
        return (self, *self.others)


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """How often a step is retried, and after what; `limit` counts the retries after the first try."""

    limit: int = 0
    on: tuple[FailureClass, ...] = (FailureClass.INFRASTRUCTURE,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One container of a run. Without `commands`, the image's own entry point runs."""

    name: str
    """Unique in the pipeline: in a workflow, `WORKFLOW.NAME`."""
    title: str = ""
    """Its name as its file has it; empty for `name`."""
    workflow: str = ""
    """The workflow that it belongs to; empty in a pipeline without."""
    image: str
    """A reference, or `${image.NAME}` for an image that this pipeline builds."""
    commands: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    secret_variables: Mapping[str, str] = field(default_factory=dict)
    """Variable to the name of its secret, where the two differ."""
    structures: Mapping[str, str] = field(default_factory=dict)
    """Variable to JSON, of which each text is expanded by itself; `{"from_secret": NAME}` in it stands for a secret."""
    entrypoint: tuple[str, ...] = ()
    """The program in place of the image's entry point or of the shell; it finds `commands` in CI_SCRIPT, in base64."""
    directory: str | None = None
    """The folder in which it begins: from the workspace, or absolute. None for the workspace."""
    user: str | None = None
    """`user[:group]` of the commands; None for the image's."""
    needs: tuple[str, ...] | None = None
    """Names of steps and images; None means the step before it, or nothing in a graph."""
    requires: tuple[str, ...] = ()
    """Those of `needs` without which it is skipped, too, where the event leaves them out."""
    ignores_failure: bool = False
    """Whether it counts as passed when its work fails."""
    when: When = field(default_factory=When)
    timeout: timedelta = timedelta(hours=1)
    retry: Retry = field(default_factory=Retry)
    reports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind of report (`junit`) to globs of files in the workspace."""
    place: Place


NO_CHECK = "NONE"
"""The single word of a health check's test that disables it, and also the image's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """How much of the repository a run on a server gets."""

    depth: int | None = None
    """Number of commits; None: all, with every branch and tag."""
    submodules: bool | None = None
    """Whether submodules are fetched; None: not specified, so missing ones cause a warning."""
    recursive: bool = False
    """Whether submodules of submodules are fetched, too."""
    lfs: bool | None = None
    """Whether Git LFS files are fetched; None: not specified."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Healthcheck:
    """How to check whether a service is ready; `test` in the engine's form: CMD or CMD-SHELL first, or NO_CHECK."""

    test: tuple[str, ...]
    interval: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=5)
    retries: int = 30
    start_period: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A container beside the steps, reached by its name; starts first, and steps wait until it is healthy."""

    name: str
    """Unique in the pipeline: in a workflow, `WORKFLOW.NAME`."""
    workflow: str = ""
    """The workflow that it belongs to; empty in a pipeline without."""
    image: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    secret_variables: Mapping[str, str] = field(default_factory=dict)
    """Variable to the name of its secret, where the two differ."""
    structures: Mapping[str, str] = field(default_factory=dict)
    """Variable to JSON, of which each text is expanded by itself; `{"from_secret": NAME}` in it stands for a secret."""
    healthcheck: Healthcheck | None = None
    ready_within: timedelta = timedelta(minutes=1)
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageBuild:
    """An image built from the repository; `context` and `dockerfile` are relative to its root."""

    name: str
    context: str = "."
    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    needs: tuple[str, ...] | None = None
    """Names of steps and images; None means after all steps, or at once when a step needs it."""
    when: When = field(default_factory=When)
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRetag:
    """An existing image that gets this run's deploy tag."""

    name: str
    source: str
    when: When = field(default_factory=When)
    place: Place


Image = ImageBuild | ImageRetag


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """How many different people must approve, and from which groups."""

    by: tuple[str, ...]
    count: int = 1
    unknown_pusher: int = 0
    """How many more people, if the pusher is unknown; only operators set it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseGroup:
    """Several formations that get the release together or not at all."""

    formations: tuple[str, ...]
    """In the order of their deployment; when one fails, the earlier ones roll back in reverse."""
    parallel: bool = False
    """Whether they are deployed in parallel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One formation that a finished run is delivered to."""

    formation: str
    approval: Approval | None = None
    release_group: ReleaseGroup | None = None
    """The group that it belongs to."""
    keep: bool = False
    """Keeps it deployed when its release group rolls back."""
    when: When = field(default_factory=When)
    place: Place


class VariableSet(StrEnum):
    """Whose variables steps get."""

    WOODPECKER = "woodpecker"
    DRONE = "drone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """Steps of a pipeline that have a workspace, services and a network of their own, apart from other workflows'."""

    name: str
    """Empty for the only one of a pipeline."""
    title: str
    """Its name in its own file, which may make several workflows."""
    needs: tuple[str, ...] = ()
    """Names of workflows that must have ended before; those without which it is skipped, too, are also in `requires`."""
    requires: tuple[str, ...] = ()
    after: tuple[Outcome, ...] = (Outcome.SUCCESS,)
    """The accepted results of the workflows that it needs."""
    when: When = field(default_factory=When)
    """Conditions of all its steps; its `status` has no meaning."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Values of a matrix: variables of its steps and services, and words in their texts."""
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class StepsFrom:
    """Where a pipeline takes its steps from."""

    source: str
    """A file or folder of another format, in the app's folder."""
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """A whole pipeline file, checked."""

    app: str
    owner: str | None = None
    clone: Clone = field(default_factory=Clone)
    variables: VariableSet | None = None
    """The CI whose variables steps get, and by which each `${NAME}` in them is replaced; None for neither."""
    workflows: tuple[Workflow, ...] = ()
    """Where there are some, each step and service belongs to one; a single one has no name."""
    services: tuple[Service, ...] = ()
    steps: tuple[Step, ...] = ()
    steps_from: StepsFrom | None = None
    """None where the file has its own."""
    images: tuple[Image, ...] = ()
    deliver: tuple[Delivery, ...] = ()
    notices: tuple[NoticeRule, ...] = ()
    """The app's own notices, in addition to the operators'."""
    place: Place

    def step(self, name: str) -> Step:
        """The step with that name, which must exist."""
        return next(step for step in self.steps if step.name == name)

    def workflow(self, name: str) -> Workflow | None:
        """The workflow with that name; None in a pipeline without."""
        return next((workflow for workflow in self.workflows if workflow.name == name), None)

    def image(self, name: str) -> Image:
        """The image with that name, which must exist."""
        return next(image for image in self.images if image.name == name)

    def delivery(self, formation: str) -> Delivery:
        """The delivery to that formation, which must exist."""
        return next(delivery for delivery in self.deliver if delivery.formation == formation)

    def delivery_to(self, formation: str) -> Delivery | None:
        """The delivery to that formation, if there is one."""
        return next((delivery for delivery in self.deliver if delivery.formation == formation), None)


class Kind(StrEnum):
    """The kind of a planned step."""

    STEP = "step"
    IMAGE = "image"
    RETAG = "retag"
    PLAN = "plan"
    """What a pull request would change where only plans are applied."""
    DELIVER = "deliver"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One thing to do in a run; `key` is unique in it: step/test, image/web, deliver/dev."""

    key: str
    kind: Kind
    name: str
    workflow: str = ""
    """The workflow of a step; empty in a pipeline without."""
    needs: tuple[str, ...] = ()
    """Keys of steps that must end first."""
    forgives: tuple[str, ...] = ()
    """Keys whose failure, and that of all before them, does not count here."""
    after_failure: bool = False
    """Whether it runs only where one of those has failed."""
    on: tuple[Outcome, ...] = (Outcome.SUCCESS,)
    """The accepted results of everything before it."""
    beside: tuple[str, ...] = ()
    """Keys of deliveries that it does not wait for once they are offered: they are deployed in parallel."""
    skip: str | None = None
    """Why this run skips it, or None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All steps of a run, in the order for readers; needs only point backwards."""

    steps: tuple[PlannedStep, ...] = ()

    def step(self, key: str) -> PlannedStep:
        """The planned step with that key, which must exist."""
        return next(step for step in self.steps if step.key == key)


class StepStatus(StrEnum):
    """The state of a planned step."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    """The user's own work failed."""
    BROKEN = "broken"
    """Sealane, the engine or the cluster failed."""
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class RunStatus(StrEnum):
    """The state of a run; always computed from its steps."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"
    """There was nothing to do for this event."""
    CANCELLED = "cancelled"
