"""Ways of a deployment to an account of AWS: the verdict, why, and exactly which writes it took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sealane.verdicts.model import FactKind, VerdictKind
from tests.aws.faults import Fault
from tests.aws.world import World
from tests.rollouts import Ended


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way."""

    name: str
    verdict: VerdictKind
    writes: tuple[str, ...]
    cause: FactKind | None = None
    says: str = ""
    """Stands in the verdict's reason."""
    lies: bool = False
    """Whether the SDK's waiter calls it a success, and it is none."""
    rollback: bool = True
    by_itself: bool = False
    not_before: float = 0
    arrange: Callable[[World], None] = lambda _: None
    """What is so before it is deployed."""
    spec: dict[str, Any] = field(default_factory=dict)
    evidence: str = ""
    """Stands in an event or a log of the failure report."""

    def check(self, ended: Ended, world: World, *, began: datetime) -> None:
        """It ended so."""
        verdict = ended.verdict
        assert verdict.kind is self.verdict, verdict.reason
        assert tuple(world.writes()) == self.writes
        assert self.says in verdict.reason
        assert (verdict.cause.reason if verdict.cause else None) == self.cause
        assert verdict.by_itself is self.by_itself
        assert world.clock.now() >= began + timedelta(seconds=self.not_before)
        assert self.evidence in str(ended.failure_report)
        print(f"| {self.name} | {verdict.kind.value} | {', '.join(world.writes()) or 'none'} | {verdict.reason} |")


def fault(op: str, kind: str, **more: Any) -> Callable[[World], None]:
    """An arrangement: a call that goes wrong."""
    return lambda world: world.trouble.faults.append(Fault(op=op, kind=kind, **more))
