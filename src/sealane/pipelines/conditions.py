"""Whether conditions hold for an event, and if not, the reason in words. Pure."""

from __future__ import annotations

from dataclasses import replace

from sealane.configfiles import globs
from sealane.events import repositories
from sealane.events.model import Event, EventKind
from sealane.pipelines import event_variables, expressions
from sealane.pipelines.model import Delivery, Outcome, Patterns, Pipeline, When

DELIVERED_UNASKED = (EventKind.PUSH, EventKind.MANUAL, EventKind.PROMOTE)
NEVER_DELIVERED = (EventKind.PULL_REQUEST, EventKind.ROLLBACK)

MOST_COMPARED = 100_000_000
"""Most characters of patterns for paths times characters of changed paths in one plan: seconds of a core. A push of
10,000 files of 50 characters may meet ten patterns of 12."""

_CALLED = {
    EventKind.PUSH: "a push",
    EventKind.PULL_REQUEST: "a pull request",
    EventKind.TAG: "a tag",
    EventKind.SCHEDULE: "a scheduled run",
    EventKind.PROMOTE: "a promotion",
    EventKind.ROLLBACK: "a rollback",
    EventKind.MANUAL: "a run by hand",
}


def within_reach(event: Event, pipeline: Pipeline) -> Event:
    """The event; its changed paths count as unknown where comparing them with all patterns would take too long.

    A pushed commit chooses both, and either may be many.
    """
    parts = (*pipeline.workflows, *pipeline.steps, *pipeline.images, *pipeline.deliver)
    whens = [when for part in parts for when in part.when.alternatives]
    listed = [glob for when in whens if when.paths for glob in (*when.paths.include, *when.paths.exclude)]
    if not listed or not event.paths:
        return event
    most = MOST_COMPARED // sum(len(path) for path in event.paths)
    for glob in listed:
        most -= globs.weight(glob)
        if most < 0:
            return replace(event, paths=None)
    return event


def unmet(when: When, event: Event) -> str | None:
    """Why the conditions don't hold for this event, or None if they do. Ignores `status`."""
    reasons = [_unmet(alternative, event) for alternative in when.alternatives]
    return None if None in reasons else "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def accepted(when: When, event: Event) -> tuple[Outcome, ...]:
    """The results of everything before that the conditions accept for this event; of all alternatives that hold."""
    if not when.others:
        return when.status
    held = {
        outcome
        for alternative in when.alternatives
        if _unmet(alternative, event) is None
        for outcome in alternative.status
    }
    return tuple(outcome for outcome in Outcome if outcome in held)


def _unmet(when: When, event: Event) -> str | None:
    return (
        when.never
        or _event(when.event, event)
        or _repository(when.repository, event)
        or _name("branch", when.branch, event.branch, event)
        or _name("reference", when.ref, event.ref, event)
        or _paths(when.paths, event)
        or _expression(when, event)
    )


def undelivered(delivery: Delivery, event: Event) -> str | None:
    """Why this event doesn't lead to the delivery, or None if it does.

    Without conditions of its own a delivery follows pushes, promotions and manual runs, from the default branch only: a
    branch pushed for review must not reach an environment by accident.
    """
    if event.kind in NEVER_DELIVERED:
        return f"{_CALLED[event.kind]} delivers nothing"
    if delivery.when.event is None and event.kind not in DELIVERED_UNASKED:
        return f"{_CALLED[event.kind]} delivers only where `when: {{event: {event.kind}}}` says so"
    reason = unmet(delivery.when, event)
    if reason:
        return reason
    unasked = delivery.when.branch is None and delivery.when.ref is None and event.branch is not None
    if unasked and event.trunk is not None and event.branch != event.trunk:
        return f"only {event.trunk} delivers; `when: {{branch: {event.branch}}}` would change that"
    return None


def _expression(when: When, event: Event) -> str | None:
    if when.expression is None or expressions.holds(when.expression, {**event_variables.of(event), **when.values}):
        return None
    return f"{when.expression} does not hold"


def _event(patterns: Patterns | None, event: Event) -> str | None:
    if patterns is None:
        return None
    if patterns.include and event.kind not in patterns.include:
        return f"this is {_CALLED[event.kind]}, not {_either(patterns.include)}"
    if event.kind in patterns.exclude:
        return f"{_CALLED[event.kind]} is left out"
    return None


def _repository(patterns: Patterns | None, event: Event) -> str | None:
    owner, name = repositories.owner_and_name(event)
    return _name("repository", patterns, f"{owner}/{name}", event) if owner and name else None


def _name(subject: str, patterns: Patterns | None, name: str | None, event: Event) -> str | None:
    if patterns is None:
        return None
    if name is None:
        return f"{_CALLED[event.kind]} is on no branch" if event.kind is EventKind.TAG else f"no {subject} is known"
    if patterns.include and not globs.any_matches(patterns.include, name):
        return f"the {subject} is {name}, not {_either(patterns.include)}"
    if globs.any_matches(patterns.exclude, name):
        return f"the {subject} {name} is left out"
    return None


def _paths(patterns: Patterns | None, event: Event) -> str | None:
    """Holds if one changed file matches, if the changes are unknown, and for a commit without changes."""
    if patterns is None or not event.paths:
        return None
    for path in event.paths:
        wanted = not patterns.include or globs.any_matches(patterns.include, path)
        if wanted and not globs.any_matches(patterns.exclude, path):
            return None
    within = f" in {_either(patterns.include)}" if patterns.include else ""
    without = f" outside {_either(patterns.exclude)}" if patterns.exclude else ""
    return f"nothing changed{within}{without}"


def _either(patterns: tuple[str, ...]) -> str:
    *others, last = patterns
    return f"{', '.join(others)} or {last}" if others else last
