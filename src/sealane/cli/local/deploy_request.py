"""A person's request for a deployment from this machine, and its outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sealane.adapters import SHIPPED, Adapters
from sealane.deployments import model as rollouts
from sealane.deployments.failure_reports import FailureReport
from sealane.deployments.gates.context import no_secret
from sealane.deployments.ledger_history import LedgerRecord
from sealane.deployments.process_memory import Ask, nobody
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision

DELETE_BUDGET = 3
"""Deletions without a person's confirmation, where no operators' file sets another limit."""


def _nothing(_: Revision) -> str:
    """For no operators' file."""
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """Special permissions of a deployment."""

    deletes: int = DELETE_BUDGET
    confirmed: bool = False
    """Somebody confirmed deletions beyond the budget."""
    adopt: bool = False
    take_over: bool = False
    bars: Callable[[Revision], str] = _nothing
    """Why operators don't allow a failure to be rolled back to a revision; empty when they do."""
    glass: str | None = None
    """Why it began although the environment's window was shut."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployRequest:
    """What a person asks for."""

    revision: Revision
    values: Mapping[str, SecretValue]
    is_rollback: bool = False
    permitted: Overrides = field(default_factory=Overrides)
    ask: Ask = nobody
    """Asks the person at the terminal whether an inconclusive gate passes."""
    secret: Callable[[str], Awaitable[str]] = no_secret
    """Resolves references of gates' keys."""
    places: tuple[str, ...] = ()
    """Other namespaces where the formation may be."""
    moved_from: str | None = None
    """The namespace that it comes from."""
    watch_for: timedelta = timedelta()
    """How long the command watches after a good verdict, to roll back if it degrades."""
    adapters: Adapters = SHIPPED
    stays: str = ""
    """Why a failure is not rolled back automatically; empty if it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployOutcome:
    """How it ended."""

    record: LedgerRecord
    outcome: rollouts.Outcome
    report: FailureReport | None = None
    second_report: FailureReport | None = None
    """The evidence of the rollback, when that failed, too."""


class Screen(Protocol):
    """Shows a deployment from its beginning to its end."""

    def begin(self, record: LedgerRecord, revision: Revision) -> None:
        """It starts, under this number."""

    def tell(self, progress: rollouts.Progress) -> None:
        """Something new."""
