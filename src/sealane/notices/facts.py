"""The facts of an event that the words of a notice are made from. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.approvals.explanation import Explanation
from sealane.outbox.model import DomainEvent
from sealane.outbox.notice_kinds import NoticeKind
from sealane.records.deployments import Deployment
from sealane.records.runs import Run
from sealane.releases.origin import Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The owner of what the event is about."""

    owner: str
    repository: str = ""
    environment: str | None = None
    observed: bool = False
    """Others deploy it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeFacts:
    """All facts that the words are made from."""

    event: DomainEvent
    kind: NoticeKind
    subject: Subject
    deployment: Deployment | None = None
    run: Run | None = None
    """The run that the event is about, if any."""
    why: Explanation | None = None
    """The server's answer to `why`."""
    origin: Origin | None = None
    server: str
    """The address of the server."""
