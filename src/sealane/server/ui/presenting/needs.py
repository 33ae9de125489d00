"""What waits for a person, for one reader: what is asked, and the forms that answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from sealane.access.model import Actor
from sealane.approvals import asking
from sealane.approvals.pending import Kind, Pending
from sealane.server.ui.presenting import versions
from sealane.server.ui.views import Answer, Button, Field, Need, Pill

_WHY = Field(name="reason", label="Why", hint="Why, for the record")
_MOST_AUTHORS = 3
_PILLS = {Kind.GATE: "gate", Kind.HOLD: "held", Kind.WINDOW: "window shut", Kind.DELETIONS: "left in place"}


def listed(
    found: Iterable[Pending],
    reader: Actor,
    commits: Mapping[str, str],
    changes: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> tuple[Need, ...]:
    """Everything that waits, with forms only where this reader's word counts.

    `commits` are by release, `changes` the lines that deployments would change by their ids.
    """
    return tuple(
        _need(each, reader, versions.named(each.deployment, commits), changes.get(each.deployment.id, ()))
        for each in found
    )


def _need(found: Pending, reader: Actor, version: str, changes: tuple[str, ...]) -> Need:
    deployment = found.deployment
    why_not = asking.why_not(found, reader)
    return Need(
        key=f"{found.kind}-{deployment.id}-{found.gate}",
        pill=_pill(found),
        app=deployment.app,
        version=version,
        formation=deployment.formation,
        words=_words(found),
        at=found.since,
        otherwise=_otherwise(found.until, found.otherwise),
        href=f"/deployments/{deployment.id}",
        link="See what changes" if found.kind is Kind.APPROVAL else "",
        answers=() if why_not else tuple(_answers(found)),
        why_not=why_not,
        difference=changes if found.kind is Kind.APPROVAL else (),
    )


def _pill(found: Pending) -> Pill:
    if found.kind is Kind.APPROVAL:
        given = len(found.given)
        return Pill(tone="wait", words=f"approval, {given} given" if given else "approval")
    return Pill(tone="wait", words=_PILLS[found.kind])


def _words(found: Pending) -> str:
    if found.kind is not Kind.APPROVAL:
        return found.asks
    given = f" · given by {', '.join(found.given)}" if found.given else ""
    written = f" · written by {', '.join(found.written[:_MOST_AUTHORS])}" if found.written else ""
    return f"{found.asks} · asked by {found.asked_by}{written}{given}"


def _otherwise(until: datetime | None, what: str) -> str:
    """What comes of it without a word, and when."""
    return f"Without a word {what} on {until:%Y-%m-%d at %H:%M} UTC." if until else ""


def _answers(found: Pending) -> Iterator[Answer]:
    subject = found.subject
    match found.kind:
        case Kind.APPROVAL:
            yield Answer(action=f"/approvals/{subject}", buttons=(Button(words="Approve", first=True),))
            yield Answer(action=f"/approvals/{subject}/decline", buttons=(Button(words="Decline"),))
        case Kind.GATE:
            let = (
                Button(words="Let it pass", value="pass", first=True),
                Button(words="Let it fail", value="fail"),
            )
            yield Answer(action=f"/deployments/{subject}/gates/{found.gate}", field=_WHY, buttons=let)
        case Kind.HOLD:
            yield Answer(action=f"/deployments/{subject}/release-hold", buttons=(Button(words="Lift the hold"),))
        case Kind.WINDOW:
            why = Field(name="reason", label="Why", hint="Why it can't wait", required=True)
            yield Answer(
                action=f"/deployments/{subject}/break-glass", field=why, buttons=(Button(words="Break the glass"),)
            )
        case Kind.DELETIONS:
            label = found.deployment.label
            typed = Field(name="typed", label=f"Type {label} to delete them", hint=f"Type {label}", required=True)
            yield Answer(action=f"/deployments/{subject}/delete", field=typed, buttons=(Button(words="Delete them"),))
