"""The results of a run and its steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sealane.pipelines.model import Plan, RunStatus, StepStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A run that has begun: its plan; None when it was refused, or cancelled before."""

    plan: Plan | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """Why no step can begin, and the status that the steps get for it."""

    status: StepStatus
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeImage:
    """An image that a run made, under the name that its steps know it by."""

    name: str
    reference: str
    """The name by which an engine or registry knows it."""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    """Empty when it was not pushed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEnd:
    """How a planned step ended."""

    status: StepStatus
    exit_code: int | None = None
    reason: str | None = None
    started: datetime | None = None
    """None when it was left out."""
    ended: datetime
    image: MadeImage | None = None
    """What it made."""
    deployment: str | None = None
    """The id of the deployment that it asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """How a run ended: each planned step by its key, and the status folded from them."""

    status: RunStatus
    steps: Mapping[str, StepEnd]
    leftovers: str | None = None
    """Why something that the run made in the engine could not be removed; None when all was removed."""
