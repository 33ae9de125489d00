"""The port every target of notices fills. Pure.

`tell` gives the target what it was not told of yet. It is called again with the same `id` when nobody knows whether the
last call came through: a target that can, tells nobody twice of it.
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
"""What a target calls a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What a target is told."""

    id: str
    """The same each time this is tried, and no other's."""
    notice: Notice
    """The thing as it stands."""
    fresh: tuple[Entry, ...]
    """What the target was not told of yet."""
    reference: Reference = field(default_factory=dict)
    """What it calls the message about this thing; empty when there is none yet."""
    at: datetime


class PartlyTold(Refused):
    """Some have it, and others don't take it; tried again, it would come to the first once more."""


class NoticeTarget(Protocol):
    """Who is told."""

    async def tell(self, telling: Telling) -> Reference:
        """Tells it, and gives what the target calls the message from now on.

        Raises Unavailable when it does not answer, Overrun when it says for how long it won't, Refused when it does not take
        the message, PartlyTold when some have it.
        """
        ...


class Threads(Protocol):
    """Threads in which libraries may wait."""

    async def run(self, call: Callable[[], _T]) -> _T:
        """What the call gives, from one of the threads."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetContext:
    """What a target is opened with."""

    written: Any
    """What the file says of it, in the shape of its kind."""
    secrets: Mapping[str, str]
    """The values of the references in it."""
    allowed: Allowlist
    """What may be asked."""
    threads: Threads
    """Where a library that waits is called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetAdapter(TargetShape):
    """One line of the table of targets; its key stands in `notices.yaml`."""

    open: Callable[[TargetContext], NoticeTarget]
    """The target; it asks nobody before it tells."""
    hosts: Callable[[Any], tuple[str, ...]]
    """`host:port` of all that it asks, which operators allow by writing it."""
