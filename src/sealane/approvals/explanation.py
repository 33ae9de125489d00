"""The answer to "why not yet?", and to what came of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sealane.records.deployments import Deployment, TimelineEntry
from sealane.records.waits import Waits
from sealane.releases.deliveries import Delivery
from sealane.releases.origin import Origin
from sealane.verdicts.health import FormationHealth
from sealane.verdicts.model import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One thing that must happen first."""

    kind: Waits
    what: str
    who: str
    """Who or what makes it happen, and the command for it."""
    when: str | None = None
    """When that will be, where anybody can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLog:
    """How the log of a failed step ends."""

    key: str
    step: str
    lines: tuple[str, ...] = ()
    """Its last lines; none before the log was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """The answer: one sentence, and every condition that is open."""

    sentence: str
    waiting: tuple[Condition, ...] = ()
    findings: tuple[str, ...] = ()
    """All that was found wrong in the files, where the sentence names only the first."""
    deliveries: tuple[Delivery, ...] = ()
    """What became of a run's deliveries."""
    hint: str = ""
    """How to get out what ended without being there; empty for what is there or on its way."""
    short: str = ""
    """For a deployment, the sentence without its name."""
    note: str = ""
    """For a deployment, what its sentence does not say: what it rolls back and why, what pruning left in place."""
    log: StepLog | None = None
    """For a run, how the log of the step ends that failed."""
    report: Mapping[str, Any] | None = None
    """For a deployment that failed, its failure report: logs, events, exit codes and the difference."""
    second_report: Mapping[str, Any] | None = None
    """The failure report of its way back, when that failed, too."""
    origin: Origin | None = None
    """The run and the commit that it is about, where there is one."""
    health: FormationHealth | None = None
    """How it fares, for a deployment that is there."""
    watched_until: datetime | None = None
    """Until when it is rolled back automatically should it degrade; None where it is not any more, or never was."""
    page: str = ""
    """The page that tells it in full, from the server's address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressView:
    """How far a deployment is, for whoever follows it."""

    deployment: Deployment
    timeline: tuple[TimelineEntry, ...]
    observation: Observation | None
    """What was seen last of its workloads, and some of their instances that were not ready."""
    waiting: tuple[Condition, ...]
    """What keeps it from going on; empty where nothing does."""


def no_worker() -> Condition:
    """What all that waits waits for while no worker is alive."""
    who = "the server's operators, who start one: sealane serve"
    return Condition(kind=Waits.WORKER, what="a worker: none is alive", who=who)
