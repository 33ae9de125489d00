"""What the phases of a deployment did, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sealane.deployments import model
from sealane.destinations import deletions
from sealane.destinations import model as destinations
from sealane.verdicts import outcomes
from sealane.verdicts.messages import causes

if TYPE_CHECKING:
    from sealane.deployments import failure_reports


def short(revision: str) -> str:
    """A revision's id as people read it: its first hexadecimal digits."""
    return revision.removeprefix("sha256:")[:7]


def applied_words(applied: destinations.Applied) -> str:
    """What applying did."""
    changed, every = len(applied.changed), len(applied.inventory)
    same = "" if changed == every else f", {every - changed} as they were" if changed else ", all as they were"
    return "; ".join([f"applied {every} {_objects(every)}{same}", *left_words(applied)])


def left_words(applied: destinations.Applied) -> tuple[str, ...]:
    """What was to go and stays, each with its object."""
    return tuple(f"{causes.name(f'{ref.kind}/{ref.name}')}: {field}" for ref, field in applied.left)


def notes(watched: model.WatchResult, begun: model.Begun) -> tuple[str, ...]:
    """What people should know of what is there: nothing of it runs, or it has what the revision no longer says."""
    left = (causes.closed(note) for note in begun.left)
    return (*outcomes.notes(watched.observation), *left)


def pruned_words(pruned: deletions.Pruned) -> str:
    """What pruning did; empty when there was nothing to do."""
    sentences = [f"deleted {', '.join(str(ref) for ref in pruned.deleted)}"] if pruned.deleted else []
    sentences += [held_words(pruned.held)] if pruned.held else []
    return "; ".join(sentences)


def held_words(held: Sequence[deletions.KeptObject]) -> str:
    """What pruning left in place, and why; what is left for the same reason is told together."""
    left: dict[str, list[str]] = {}
    for held_object in held:
        left.setdefault(held_object.reason, []).append(str(held_object.ref))
    return "; ".join(f"left {', '.join(refs)}: {reason}" for reason, refs in left.items())


def overwritten_words(names: Sequence[str]) -> str:
    """What another write of Sealane's changed; empty when there was none."""
    if not names:
        return ""
    return (
        f"{', '.join(map(causes.name, names))}: a late write of Sealane's own came in between, so it is written again"
    )


def ran_words(names: Sequence[str]) -> str:
    """Which work of a failed revision was done, and stays done; empty when there was none."""
    if not names:
        return ""
    listed = " and ".join(filter(None, (", ".join(map(causes.name, names[:-1])), causes.name(names[-1]))))
    return f"what {listed} did was not undone: only a hook before the rollout can have an undo"


def evidence_words(failure_report: failure_reports.FailureReport) -> str:
    """What a failure report holds, in numbers."""
    logs, events = len(failure_report.logs), len(failure_report.events)
    return f"{logs} {'log' if logs == 1 else 'logs'}, {events} {'event' if events == 1 else 'events'}"


def _objects(number: int) -> str:
    return "object" if number == 1 else "objects"


def barred(revision: str, why: str) -> str:
    """That operators do not allow the revision to roll back to."""
    return f"revision {short(revision)} is not allowed any more: {why}"
