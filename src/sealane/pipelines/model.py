"""Pipelines: what to do for an event, and how far it is. Pure: knows nothing about files, engines or clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sealane.findings import Place
from sealane.pipelines.notices import NoticeRule


class FailureClass(StrEnum):
    """Whose fault an unfinished step is: the user's own work, or the machinery under it."""

    FAILURE = "failure"
    INFRASTRUCTURE = "infrastructure"


class Outcome(StrEnum):
    """How everything went that a step comes after; what `when: {status: …}` asks for."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Patterns:
    """Globs of which one must match and none may; no `include` means everything."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """Conditions; all of those given must hold."""

    event: Patterns | None = None
    branch: Patterns | None = None
    ref: Patterns | None = None
    paths: Patterns | None = None
    status: tuple[Outcome, ...] = (Outcome.SUCCESS,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """How often a step is tried again, and after what; `limit` counts the tries after the first."""

    limit: int = 0
    on: tuple[FailureClass, ...] = (FailureClass.INFRASTRUCTURE,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One container of a run. No `commands` means that the image's own entry point does the work."""

    name: str
    image: str
    """A reference, or `${image.NAME}` for an image this pipeline builds."""
    commands: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    user: str | None = None
    """`user[:group]` that the commands run as; None for the image's."""
    needs: tuple[str, ...] | None = None
    """Names of steps and images; None means the step before it, or nothing in a graph."""
    when: When = field(default_factory=When)
    timeout: timedelta = timedelta(hours=1)
    retry: Retry = field(default_factory=Retry)
    reports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind of report (`junit`) to globs of files in the workspace."""
    place: Place


NO_CHECK = "NONE"
"""The one word of a health check's test that says that there is none, not even the image's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """How much of the repository a run on a server has."""

    depth: int | None = None
    """How many commits; None: all, with every branch and tag."""
    submodules: bool | None = None
    """Whether submodules are fetched; None: nobody said, so that they are missed is told."""
    recursive: bool = False
    """Whether submodules of submodules are fetched, too."""
    lfs: bool | None = None
    """Whether files of Git LFS are fetched; None: nobody said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Healthcheck:
    """How to ask a service whether it is ready; `test` in the engine's form: CMD or CMD-SHELL first, or NO_CHECK."""

    test: tuple[str, ...]
    interval: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=5)
    retries: int = 30
    start_period: timedelta = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A container beside the steps, reached by its name; started first and waited for until healthy."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
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
    """A ready-made image given this run's deploy tag."""

    name: str
    source: str
    when: When = field(default_factory=When)
    place: Place


Image = ImageBuild | ImageRetag


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """How many different people out of which groups must agree."""

    by: tuple[str, ...]
    count: int = 1
    unknown_pusher: int = 0
    """How many people more, where nobody knows who pushed; only operators say so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseGroup:
    """Several formations that the release reaches together or not at all."""

    formations: tuple[str, ...]
    """In the order in which they move; those that moved before one failed go back in reverse."""
    parallel: bool = False
    """Whether they move side by side instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One formation a finished run goes to."""

    formation: str
    approval: Approval | None = None
    release_group: ReleaseGroup | None = None
    """Those it goes with."""
    keep: bool = False
    """Stays where it is when its release group goes back."""
    when: When = field(default_factory=When)
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """All of a pipeline file, checked."""

    app: str
    owner: str | None = None
    clone: Clone = field(default_factory=Clone)
    services: tuple[Service, ...] = ()
    steps: tuple[Step, ...] = ()
    images: tuple[Image, ...] = ()
    deliver: tuple[Delivery, ...] = ()
    notices: tuple[NoticeRule, ...] = ()
    """Who is told of what, beside whom the operators have told."""
    place: Place

    def step(self, name: str) -> Step:
        """The step of that name, which must exist."""
        return next(step for step in self.steps if step.name == name)

    def image(self, name: str) -> Image:
        """The image of that name, which must exist."""
        return next(image for image in self.images if image.name == name)

    def delivery(self, formation: str) -> Delivery:
        """The delivery to that formation, which must exist."""
        return next(delivery for delivery in self.deliver if delivery.formation == formation)

    def delivery_to(self, formation: str) -> Delivery | None:
        """The delivery to that formation, if there is one."""
        return next((delivery for delivery in self.deliver if delivery.formation == formation), None)


class Kind(StrEnum):
    """What a planned step does."""

    STEP = "step"
    IMAGE = "image"
    RETAG = "retag"
    DELIVER = "deliver"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """One thing to do in a run; `key` is unique in it: step/test, image/web, deliver/dev."""

    key: str
    kind: Kind
    name: str
    needs: tuple[str, ...] = ()
    """Keys that must have ended first."""
    on: tuple[Outcome, ...] = (Outcome.SUCCESS,)
    """How what it comes after must have gone."""
    beside: tuple[str, ...] = ()
    """Keys of deliveries that it need not wait for once they are offered: they move side by side."""
    skip: str | None = None
    """Why it is left out of this run, or None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that a run will do, in the order in which people read it; needs point backwards only."""

    steps: tuple[PlannedStep, ...] = ()

    def step(self, key: str) -> PlannedStep:
        """The planned step of that key, which must exist."""
        return next(step for step in self.steps if step.key == key)


class StepStatus(StrEnum):
    """How far a planned step is."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    """The user's own work said no."""
    BROKEN = "broken"
    """Sealane, the engine or the cluster could not do it."""
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class RunStatus(StrEnum):
    """How far a run is; only ever folded from its steps."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"
    """Nothing was to be done for this event."""
    CANCELLED = "cancelled"
