"""What a gate asked, and what came back. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

MOST = 200
"""Requests of one gate that are kept, the newest; all of them are counted."""
LONGEST = 200
"""Characters that are kept of an answer, and of what was asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRequest:
    """One request."""

    at: datetime
    seconds: float
    """How long the answer took."""
    answer: str
    """What came back, in a few words: `status 200`, `0.02`, `no answer`."""
    good: bool
    """Whether it is what the gate wants."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRequests:
    """All that one gate asked at one place of a rollout."""

    key: str
    """Where in the rollout."""
    gate: str
    asked: str
    """The address, or the query and who was asked."""
    count: int
    good: int
    """How many of all were."""
    requests: tuple[GateRequest, ...]
    """The newest."""


def added(before: GateRequests, newest: GateRequest) -> GateRequests:
    """With one more."""
    short = replace(newest, answer=newest.answer[:LONGEST])
    return replace(
        before,
        count=before.count + 1,
        good=before.good + newest.good,
        requests=(*before.requests, short)[-MOST:],
    )


def first(key: str, gate: str, asked: str) -> GateRequests:
    """Before anything came back."""
    return GateRequests(key=key, gate=gate, asked=asked[:LONGEST], count=0, good=0, requests=())
