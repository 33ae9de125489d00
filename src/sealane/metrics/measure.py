"""Turns an event into measurements and an announcement. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from sealane.metrics import catalog
from sealane.metrics.model import Announcement, Definition, Level, Measurement
from sealane.outbox.model import DomainEvent, Kind

_GOOD = frozenset({"deployed"})
_NEITHER = frozenset({"superseded", "unproven", "cancelled"})
"""Verdicts of deployments that neither succeeded nor failed."""
_STUCK = "rollback_failed"
_FAILED_RUNS = frozenset({"failed", "broken"})


def measurements(event: DomainEvent) -> tuple[Measurement, ...]:
    """The measurements of the event; none if it is not measured."""
    measure = _MEASURED.get(event.kind)
    return tuple(measure(event)) if measure else ()


def announcement(event: DomainEvent) -> Announcement | None:
    """The announcement to show beside graphs: a deployment began, or how it ended."""
    if event.kind not in ANNOUNCED:
        return None
    where, verdict = f"{event.app}/{event.formation}", str(event.data.get("verdict", ""))
    if event.kind == Kind.DEPLOYMENT_STARTED:
        level, word = Level.INFO, "started"
    else:
        level = Level.SUCCESS if verdict in _GOOD else Level.INFO if verdict in _NEITHER else Level.ERROR
        word = verdict.replace("_", " ")
    return Announcement(
        title=f"{where} #{event.data.get('number', '')}: {word}",
        text=str(event.data.get("reason") or f"{event.deployment} of {where} {word}"),
        level=level,
        at=event.at,
        key=str(event.deployment),
        labels=_labels(
            ("app", "environment", "formation", "status"), _release(event) | {"status": verdict or "started"}
        ),
        details=_details(event),
    )


def trace_of(event: DomainEvent) -> str:
    """The id of the event's trace: one for a run and all its deployments."""
    return trace_id(event.run or event.deployment or "")


def trace_id(subject: str) -> str:
    """The same for the same run or deployment everywhere: 32 hexadecimal digits."""
    return hashlib.sha256(f"trace {subject}".encode()).hexdigest()[:32]


def _release_ended(event: DomainEvent) -> Iterator[Measurement]:
    verdict = str(event.data.get("verdict", ""))
    known = _release(event) | {"status": verdict}
    yield _one(catalog.RELEASE_COUNT, event, known)
    if verdict not in _GOOD | _NEITHER:
        yield _one(catalog.RELEASE_FAILURES, event, known)
    yield from _seconds(catalog.RELEASE_ELAPSED_TIME, event, known, "seconds")


def _release_rolled_back(event: DomainEvent) -> Iterator[Measurement]:
    """A deployment counted as deployed has failed; if its rollback fails, that is the rollback's own failure."""
    verdict = str(event.data.get("verdict", ""))
    if verdict != _STUCK:
        yield _one(catalog.RELEASE_FAILURES, event, _release(event) | {"status": verdict})


def _release_started(event: DomainEvent) -> Iterator[Measurement]:
    yield from _seconds(catalog.RELEASE_WAIT_TIME, event, _release(event), "waited")


def _run_ended(event: DomainEvent) -> Iterator[Measurement]:
    known = _run(event)
    yield _one(catalog.RUN_COUNT, event, known)
    if known["status"] in _FAILED_RUNS:
        yield _one(catalog.RUN_FAILURES, event, known)
    yield from _seconds(catalog.RUN_ELAPSED_TIME, event, known, "seconds")


def _run_started(event: DomainEvent) -> Iterator[Measurement]:
    yield from _seconds(catalog.RUN_WAIT_TIME, event, _run(event), "waited")


def _degraded(event: DomainEvent) -> Iterator[Measurement]:
    definition = catalog.OBSERVED_DEGRADED if event.data.get("observed") else catalog.HEALTH_DEGRADED
    yield _one(definition, event, _release(event))


def _counted(definition: Definition) -> Callable[[DomainEvent], Iterator[Measurement]]:
    def count(event: DomainEvent) -> Iterator[Measurement]:
        yield _one(definition, event, {"app": event.app or "", "formation": event.formation or ""})

    return count


_MEASURED: Mapping[str, Callable[[DomainEvent], Iterator[Measurement]]] = {
    Kind.DEPLOYMENT_STARTED: _release_started,
    Kind.DEPLOYMENT_ENDED: _release_ended,
    Kind.DEPLOYMENT_ROLLED_BACK: _release_rolled_back,
    Kind.RUN_STARTED: _run_started,
    Kind.RUN_ENDED: _run_ended,
    Kind.HEALTH_DEGRADED: _degraded,
    Kind.HOLD_SET: _counted(catalog.HOLD_COUNT),
    Kind.INTAKE_FAILED: _counted(catalog.INTAKE_FAILURES),
    Kind.SIGN_IN_FAILED: _counted(catalog.SIGN_IN_FAILURES),
    Kind.WORKER_DECLARED_DEAD: _counted(catalog.WORKER_DEATHS),
}
MEASURED = frozenset(_MEASURED)
"""Kinds of events that are measured."""
ANNOUNCED = frozenset({Kind.DEPLOYMENT_STARTED, Kind.DEPLOYMENT_ENDED, Kind.DEPLOYMENT_ROLLED_BACK})
"""Kinds of events that are shown beside graphs."""


def _one(definition: Definition, event: DomainEvent, known: Mapping[str, str], value: float = 1) -> Measurement:
    return Measurement(
        definition=definition,
        value=value,
        at=event.at,
        labels=_labels(definition.labels, known),
        details=_details(event) if definition.details else {},
        origin=_origin(event),
    )


def _seconds(definition: Definition, event: DomainEvent, known: Mapping[str, str], name: str) -> Iterator[Measurement]:
    """The duration; zero for what never began."""
    seconds = event.data.get(name)
    if seconds is not None:
        yield _one(definition, event, known, float(seconds))


def _release(event: DomainEvent) -> dict[str, str]:
    environment = str(event.data.get("environment", ""))
    return {"app": event.app or "", "formation": event.formation or "", "environment": environment}


def _run(event: DomainEvent) -> dict[str, str]:
    data = event.data
    return {"app": event.app or "", "cause": str(data.get("cause", "")), "status": str(data.get("status", ""))}


def _labels(names: tuple[str, ...], known: Mapping[str, str]) -> dict[str, str]:
    return {name: known[name] for name in names}


def _details(event: DomainEvent) -> dict[str, str]:
    return {name: str(event.data[name]) for name in ("release", "version") if event.data.get(name)}


def _origin(event: DomainEvent) -> dict[str, str]:
    subject = ("deployment", event.deployment) if event.deployment else ("run", event.run)
    return {subject[0]: subject[1], "trace_id": trace_of(event)} if subject[1] else {}
