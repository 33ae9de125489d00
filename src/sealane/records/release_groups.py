"""Release groups and the report of each, as frozen values. Times are aware UTC. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sealane.releases.deliveries import DeliveryOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseGroupRow:
    """Several formations that a run's release reaches together or not at all."""

    id: str
    app: str
    run_id: str
    formations: tuple[str, ...]
    """The formations, in the order in which they move."""
    parallel: bool
    """Whether they move side by side instead."""
    created: datetime
    settled: datetime | None = None
    """When all of them had ended, rollbacks included."""
    outcome: str | None = None
    """Its result, in a sentence."""


class Stays(StrEnum):
    """Why a member that was deployed is not rolled back with its release group."""

    KEPT = "kept"  # `keep: true`
    FIRST = "first"  # nothing was verified there before
    UNCHANGED = "unchanged"  # its revision was there before
    NEWER = "newer"  # something newer is there

    @property
    def words(self) -> str:
        """The reason as people read it."""
        return {
            Stays.KEPT: "it is to be kept",
            Stays.FIRST: "nothing was verified there before",
            Stays.UNCHANGED: "it is what was there before",
            Stays.NEWER: "something newer is there",
        }[self]


class GroupStage(StrEnum):
    """How far a release group is, or how it ended."""

    WAITING = "waiting"  # no member has begun
    MOVING = "moving"
    ROLLING_BACK = "rolling_back"
    DEPLOYED = "deployed"  # the release reached all members
    ROLLED_BACK = "rolled_back"  # it is at none of them any more
    PARTLY = "partly_rolled_back"  # it failed, and is still at some
    SUPERSEDED = "superseded"  # something newer went to a member

    @property
    def words(self) -> str:
        """The stage as people read it."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One deployment of a release group."""

    deployment: str
    """The deployment's id."""
    page: str
    """The path of its page, from the server's address."""
    state: DeliveryOutcome
    says: str
    """How it ended or what it waits for; empty where the state says all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberReport:
    """One member of a release group: how it moved, and how it was rolled back."""

    formation: str
    environment: str = ""
    destination: str = ""
    forward: Part | None = None
    """Its deployment; None where none was offered."""
    unoffered: str = ""
    """Why none was offered, once that is certain."""
    back: Part | None = None
    """Its rollback with the group; None where there is none."""
    stays: Stays | None = None
    """Why it is not rolled back although the group failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupReport:
    """A release group as one story: every member, in the group's order."""

    id: str
    run: str
    parallel: bool
    stage: GroupStage
    outcome: str | None
    """The result of all, in a sentence; None before the end, and where members are hidden."""
    members: tuple[MemberReport, ...]
    hidden: int = 0
    """Members in environments that the reader may not see."""

    @property
    def deployments(self) -> frozenset[str]:
        """The ids of all its deployments, rollbacks included."""
        parts = (part for member in self.members for part in (member.forward, member.back))
        return frozenset(part.deployment for part in parts if part)
