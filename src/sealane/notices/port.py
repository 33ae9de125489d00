"""The port of notice targets. Pure.

`tell` sends the target the entries that it has not received yet. It is called again with the same `id` when it is unknown
whether the last call succeeded; targets that can avoid duplicates do so by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sealane.egress import Allowlist
from sealane.environments.notice_files import TargetShape
from sealane.errors import Refused
from sealane.notices.model import Entry, Notice

_T = TypeVar("_T")
Reference = Mapping[str, str]
"""A target's name for a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What to send to a target."""

    id: str
    """Unique, and the same for each try."""
    notice: Notice
    """The current state of the thing."""
    fresh: tuple[Entry, ...]
    """The entries that the target has not received yet."""
    reference: Reference = field(default_factory=dict)
    """Its name for the message about this thing; empty when there is none yet."""
    at: datetime


class PartlyTold(Refused):
    """Some recipients have it and others refused it; another try would send it to the first ones again."""


class NoticeTarget(Protocol):
    """Receives notices."""

    async def tell(self, telling: Telling) -> Reference:
        """Sends it, and returns the target's name for the message from now on.

        Raises Unavailable when the target does not answer, Overrun when it says how long to wait, Refused when it refuses
        the message, PartlyTold when only some recipients have it.
        """
        ...


class Threads(Protocol):
    """Threads in which libraries may block."""

    async def run(self, call: Callable[[], _T]) -> _T:
        """Runs the call in one of the threads and returns its result."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetContext:
    """What a target is opened with."""

    written: Any
    """Its entry in the file, in the shape of its kind."""
    secrets: Mapping[str, str]
    """The values of the references in it."""
    allowed: Allowlist
    """The hosts it may contact."""
    threads: Threads
    """Threads for calling a library that blocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetAdapter(TargetShape):
    """One line of the table of targets; its key is used in `notices.yaml`."""

    open: Callable[[TargetContext], NoticeTarget]
    """Opens the target; it contacts nobody until it sends."""
    hosts: Callable[[Any], tuple[str, ...]]
    """`host:port` of every host that it contacts; operators allow these by writing them."""
