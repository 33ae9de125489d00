"""What goes wrong on the way, or is not shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from tests.aws.wire import Answered

REFUSALS = {
    "throttle": Answered("Throttling", "Rate exceeded"),
    "throttle_ecs": Answered("ThrottlingException", "Rate exceeded"),
    "error": Answered("InternalFailure", "The request processing has failed because of an unknown error.", 500),
    "access_denied": Answered(
        "AccessDeniedException", "User is not authorized to perform: iam:PassRole on resource: role/shop", 400
    ),
    "expired": Answered("ExpiredToken", "The security token included in the request is expired", 403),
    "denied": Answered(
        "InsufficientPrivilegesException",
        "You do not have permission to perform the 'elasticbeanstalk:UpdateEnvironment' action.",
        403,
    ),
}


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass(kw_only=True)
class Fault:
    """The calls `nth` to `nth + times - 1` of an operation go wrong; `drop` loses the answer after it was done."""

    op: str
    kind: str
    nth: int = 1
    times: int = 1

    def hits(self, number: int) -> bool:
        """Whether it is about the call of that number."""
        return self.nth <= number < self.nth + self.times


@dataclass(kw_only=True)
class Trouble:
    """All of it."""

    faults: list[Fault] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    """Reads that the caller may not do, which this service answers with empty lists."""
    lag: timedelta = timedelta()
    """So long after a write reads show what was before it."""
    page: int = 1000
    keeps: timedelta = timedelta(weeks=6)
    """How long events stay."""
    skew: timedelta = timedelta()
    """By how much the service's clock is ahead of ours."""

    def of(self, op: str, number: int) -> str:
        """What goes wrong with that call; empty for nothing."""
        return next((fault.kind for fault in self.faults if fault.op == op and fault.hits(number)), "")
