"""Which revision a failed deployment is rolled back to, or why none. Pure: reads a formation's history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sealane.verdicts import model


@dataclass(frozen=True, kw_only=True, slots=True)
class PastDeployment:
    """One ended deployment of the formation."""

    sequence: int
    revision: str
    verdict: model.VerdictKind
    finished: tuple[str, ...] | None = None
    """`Kind/name` of the work that had ended when it was verified; None where nobody noted it."""
    untouched: bool = False
    """None of its workloads was written."""
    at: datetime | None = None
    """When it ended."""

    @property
    def verified(self) -> bool:
        """Whether its revision was seen healthy there."""
        return self.verdict is model.VerdictKind.DEPLOYED


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackTarget:
    """The verified deployment whose revision is redeployed; None with the reason why none is."""

    past: PastDeployment | None
    reason: str


def target(history: Iterable[PastDeployment], *, failed: str, is_rollback: bool) -> RollbackTarget:
    """The target of a rollback: the last verified revision.

    A rollback that fails is not rolled back: a person has to look. The first deployment has no target. Where the
    failing revision is itself the last verified one, it is not to blame: going further back would only add a second
    change to the first trouble.
    """
    if is_rollback:
        return RollbackTarget(past=None, reason="a rollback is never rolled back")
    last = max((past for past in history if past.verified), key=lambda past: past.sequence, default=None)
    if last is None:
        return RollbackTarget(past=None, reason="nothing was verified here before, so there is nothing to roll back to")
    if last.revision == failed:
        return RollbackTarget(past=None, reason="this revision was verified here before, so a rollback would not help")
    return RollbackTarget(past=last, reason=f"#{last.sequence} is the last verified one")


def after_verdict(history: Iterable[PastDeployment], *, sequence: int, revision: str) -> PastDeployment | None:
    """The target when a verified deployment degrades: the one verified before it.

    None where there is no such one, or where it has the same revision: then the revision is not to blame.
    """
    earlier = [past for past in history if past.verified and past.sequence < sequence]
    if any(past.revision == revision for past in earlier):
        return None
    return max(earlier, key=lambda past: past.sequence, default=None)


def there(history: Iterable[PastDeployment]) -> PastDeployment | None:
    """The deployment whose revision is there now: the newest that wrote something, or the one it was rolled back to."""
    wrote = [past for past in history if not past.untouched]
    newest_first = sorted(wrote, key=lambda past: past.sequence, reverse=True)
    if newest_first and newest_first[0].verdict is model.VerdictKind.ROLLED_BACK:
        return next((past for past in newest_first if past.verified), None)
    return next(iter(newest_first), None)


def before(history: Iterable[PastDeployment], *, now_there: str) -> RollbackTarget:
    """The target when a person names none: the last verified revision that is not there now."""
    verified = sorted((past for past in history if past.verified), key=lambda past: past.sequence, reverse=True)
    if not verified:
        return RollbackTarget(past=None, reason="nothing was verified here yet")
    for past in verified:
        if past.revision != now_there:
            return RollbackTarget(past=past, reason=f"#{past.sequence} was verified before")
    return RollbackTarget(past=None, reason="only the revision that is there now was ever verified")
