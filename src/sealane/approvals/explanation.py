"""The answer to "why not yet?" and "how did it end?". Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sealane.records.deployments import Deployment, TimelineEntry
from sealane.records.release_groups import GroupReport
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
    """Who or what meets it, and the command for it."""
    when: str | None = None
    """When that will be, where it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLog:
    """The end of a failed step's log."""

    key: str
    step: str
    lines: tuple[str, ...] = ()
    """Its last lines; empty before the log is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """The answer: one sentence, and every condition that is open."""

    sentence: str
    waiting: tuple[Condition, ...] = ()
    findings: tuple[str, ...] = ()
    """All findings in the files; the sentence names only the first."""
    deliveries: tuple[Delivery, ...] = ()
    """The outcomes of a run's deliveries."""
    hint: str = ""
    """How to deploy it after all; empty if it is there or on its way."""
    short: str = ""
    """For a deployment, the sentence without its name."""
    note: str = ""
    """For a deployment, additions to the sentence: what it rolls back and why, what pruning left in place."""
    log: StepLog | None = None
    """For a run, the end of the failed step's log."""
    report: Mapping[str, Any] | None = None
    """For a deployment that failed, its failure report: logs, events, exit codes and the difference."""
    second_report: Mapping[str, Any] | None = None
    """The failure report of its rollback, when that failed, too."""
    origin: Origin | None = None
    """The run and commit that it comes from, where there is one."""
    health: FormationHealth | None = None
    """Its health, for a deployment that is there."""
    watched_until: datetime | None = None
    """Until when it is rolled back automatically if it degrades; None where it no longer is, or never was."""
    page: str = ""
    """The path of its page, from the server's address."""
    groups: tuple[GroupReport, ...] = ()
    """The release group of a deployment, or those of a run: one story each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressView:
    """How far a deployment is, for its followers."""

    deployment: Deployment
    timeline: tuple[TimelineEntry, ...]
    observation: Observation | None
    """The last observation of its workloads and of some instances that were not ready."""
    waiting: tuple[Condition, ...]
    """What it waits for; empty when it can go on."""


def no_worker() -> Condition:
    """The condition of everything that waits while no worker is alive."""
    who = "the server's operators, who start one: sealane serve"
    return Condition(kind=Waits.WORKER, what="a worker: none is alive", who=who)
