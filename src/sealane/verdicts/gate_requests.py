"""A gate's requests and their answers. Pure."""

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
    """The answer in a few words: `status 200`, `0.02`, `no answer`."""
    good: bool
    """Whether the gate counts it as good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateRequests:
    """All requests of one gate at one point of a rollout."""

    key: str
    """Where in the rollout."""
    gate: str
    asked: str
    """The address, or the query and the store."""
    count: int
    good: int
    """How many of all were good."""
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
    """Before the first answer."""
    return GateRequests(key=key, gate=gate, asked=asked[:LONGEST], count=0, good=0, requests=())
