"""Pushes to the repositories Sealane serves itself: references before and after. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sealane.events.model import Event, EventKind, RefGone


@dataclass(frozen=True, kw_only=True, slots=True)
class Tip:
    """The commit of a reference, and its data."""

    commit: str
    author: str = ""
    message: str = ""


def events(
    app: str,
    *,
    repository: str,
    trunk: str,
    before: Mapping[str, str],
    after: Mapping[str, Tip],
    received: datetime,
) -> tuple[Event, ...]:
    """One event for each new or moved branch and tag.

    `before` maps references to commits. The order is by name, tags last, so that a push of a branch and a tag on it
    runs the branch first.
    """
    moved = [(ref, tip) for ref, tip in after.items() if before.get(ref) != tip.commit]
    return tuple(
        Event(
            kind=EventKind.TAG if ref.startswith("refs/tags/") else EventKind.PUSH,
            app=app,
            repository=repository,
            commit=tip.commit,
            branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
            trunk=trunk,
            ref=ref,
            before=before.get(ref),
            author=tip.author,
            message=tip.message,
            received=received,
        )
        for ref, tip in sorted(moved)
        if ref.startswith(("refs/heads/", "refs/tags/"))
    )


def gone(app: str, *, before: Mapping[str, str], after: Mapping[str, Tip], received: datetime) -> tuple[RefGone, ...]:
    """Every branch and tag that was there before and no longer is."""
    refs = sorted(ref for ref in before if ref not in after and ref.startswith(("refs/heads/", "refs/tags/")))
    return tuple(RefGone(app=app, ref=ref, reason=f"{ref} was deleted", received=received) for ref in refs)
