"""Whether an environment runs the desired version: rules that no single event or label can decide. Pure.

The service ends every update as `Ready`, also a failed one; it then restores the former label, and may report success while
instances run another version. So the update's identity counts, and the deployed version that each instance reports.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sealane.clients.aws.beanstalk_model import Event
from sealane.clients.aws.event_signs import Sign
from sealane.destinations.elastic_beanstalk import apply_plan
from sealane.destinations.elastic_beanstalk.model import Operation, Reading, Step, command_seconds, holds
from sealane.verdicts.model import FactKind

SETTLES = timedelta(seconds=120)
"""Health may lag by up to a minute, so for this long after the end it may still change."""
TWO_LOOKS = timedelta(seconds=20)
"""Two looks must find the same state at least this far apart."""
SILENT = timedelta(seconds=60)
"""How long after a write its first event may take."""
_STOPPED = "Suspended"
_BAD = frozenset({"Degraded", "Severe"})
_UNDER_WAY = frozenset({"Launching", "Updating", "Aborting", "LinkingFrom", "LinkingTo"})
_PER_BATCH, _AT_THE_END = 120, 300
"""Seconds for health checks of a batch, and on top of the service's own limits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Converged:
    """The result of a look. Without a `kind`, the environment runs the desired version."""

    kind: FactKind | None = None
    words: str = ""
    """The thing that is waited for, or the problem."""
    notes: tuple[str, ...] = ()
    """Gaps in the proof."""
    since: datetime
    """When this state began; for a good state, the time from which it must last."""
    at_once: bool = False
    """Whether one look is enough, because the update ended long ago."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ours:
    """The service's reports on our update."""

    events: tuple[Event, ...]
    operation: Operation
    reading: Reading
    bad: tuple[Event, ...] = field(default=())

    @property
    def success(self) -> Event | None:
        return next((event for event in self.events if event.sign is Sign.SUCCEEDED), None)

    @property
    def ended(self) -> datetime:
        """When it ended, as far as reported."""
        last = self.success or (self.events[-1] if self.events else None)
        return last.at if last else self.operation.at


def judge(operation: Operation, reading: Reading) -> Converged:
    """The result of the reading for Sealane's last operation."""
    environment = reading.environment
    if environment is None:
        words = "nobody can see it any more: it is gone, or the account may not look"
        return Converged(kind=FactKind.UNPROVEN, words=words, since=reading.at)
    request = apply_plan.request_of(operation, reading.events)
    events = tuple(event for event in reading.events if request and event.request == request)
    bad = tuple(event for event in events if event.bad)
    ours = _Ours(events=events, operation=operation, reading=reading, bad=bad)
    if taken := _taken(ours, environment.status, environment.label):
        return taken
    if environment.status in _UNDER_WAY:
        return Converged(kind=FactKind.UNDER_WAY, words=_last_words(events), since=operation.at)
    if environment.status != "Ready":
        words = f"it is {environment.status}"
        return Converged(kind=FactKind.RESOURCE_FAILED, words=words, since=reading.at)
    if waiting := _not_begun(ours):
        return waiting
    return _failed(ours) or _lacking(ours) or _fares(ours)


def allowed(reading: Reading) -> timedelta:
    """The longest time that the service's own limits allow, with one instance after the other."""
    count = max(1, len(reading.fleet.instances) if reading.fleet else 1)
    return timedelta(seconds=count * (command_seconds(reading.options) + _PER_BATCH) + _AT_THE_END)


def _taken(ours: _Ours, status: str, label: str) -> Converged | None:
    """Detects somebody else's update instead of ours; if it ends with the same version, that is as good."""
    operation = ours.operation
    other = apply_plan.taken_by(operation, ours.reading.events)
    strange = label not in {operation.label, operation.before}
    if status == "Ready" and strange and operation.step is not Step.SWAP and ours.reading.at > operation.at + SILENT:
        words = f"somebody else deployed {label}"
    elif other and not (status == "Ready" and label == operation.label):
        words = f"{ours.reading.whose} began at {other.at:%H:%M:%S} UTC"
    else:
        return None
    since = other.at if other else ours.reading.at
    return Converged(kind=FactKind.SUPERSEDED, words=words, since=since)


def _not_begun(ours: _Ours) -> Converged | None:
    """A look may show the state before the write, because an environment is Ready before and after it."""
    if ours.operation.step in {Step.NOTHING, Step.SWAP} or ours.success or ours.bad:
        return None
    if ours.reading.at < ours.operation.at + SILENT:
        return Converged(kind=FactKind.UNDER_WAY, words="its update has not begun yet", since=ours.operation.at)
    return None


def _failed(ours: _Ours) -> Converged | None:
    operation, reading, environment = ours.operation, ours.reading, ours.reading.environment
    assert environment is not None, "it was found"
    since = ours.bad[0].at if ours.bad else ours.ended
    wrong = _wrong_instances(ours)
    if operation.prefix and not holds(environment, operation.prefix):
        kind = FactKind.RESOURCE_PENDING if reading.at < operation.at + SILENT else FactKind.RESOURCE_FAILED
        return Converged(kind=kind, words=f"it does not have the name {operation.prefix}", since=operation.at)
    if operation.label != environment.label:
        words = _why(ours) or f"version {operation.label} was not kept, it runs {environment.label}"
        return Converged(kind=FactKind.RESOURCE_FAILED, words=words, since=since)
    if wrong:
        if reading.at < ours.ended + SILENT and ours.success and not ours.bad:
            return Converged(kind=FactKind.RESOURCE_PENDING, words=wrong, since=ours.ended)
        return Converged(kind=FactKind.RESOURCE_FAILED, words=wrong, since=since)
    if ours.bad:
        return Converged(kind=FactKind.RESOURCE_FAILED, words=_why(ours), since=since)
    return None


def _lacking(ours: _Ours) -> Converged | None:
    """A missing proof, although nothing is wrong."""
    reading = ours.reading
    if reading.fleet is not None and reading.fleet.instances:
        return None
    if reading.basic and (ours.success or ours.operation.step is not Step.VERSION):
        return None
    if reading.basic:
        words = "the service has told nothing of the update, and has no health of its instances"
    elif reading.fleet is not None:
        words = "no instance runs, or the account may not see any"
    else:
        words = "the account may not see its instances"
    kind = FactKind.UNPROVEN if reading.at >= ours.ended + SETTLES else FactKind.RESOURCE_PENDING
    return Converged(kind=kind, words=words, since=ours.ended)


def _fares(ours: _Ours) -> Converged:
    """The result from its health, once all instances run the desired version."""
    reading, environment = ours.reading, ours.reading.environment
    assert environment is not None, "it was found"
    health = environment.health or {"Green": "Ok", "Yellow": "Warning", "Red": "Severe"}.get(
        environment.color, "Pending"
    )
    over = reading.at >= ours.ended + SETTLES
    if health in _BAD or health == _STOPPED:
        causes = reading.fleet.causes if reading.fleet else ()
        words = f"its health is {health}{': ' if causes else ''}{causes[0] if causes else ''}"
        kind = FactKind.RESOURCE_FAILED if over or ours.operation.step is Step.SWAP else FactKind.RESOURCE_PENDING
        return Converged(kind=kind, words=words, since=_last_health(ours))
    if health != "Ok" and not over:
        words = f"its health is {health}"
        return Converged(kind=FactKind.RESOURCE_PENDING, words=words, since=ours.ended)
    if health in {"Pending", "Unknown", "NoData", "Grey"}:
        return Converged(kind=FactKind.UNPROVEN, words=f"its health is {health}", since=ours.ended)
    return Converged(
        notes=_notes(ours, health), since=max(ours.ended, _last_health(ours)), at_once=over and not ours.bad
    )


def _notes(ours: _Ours, health: str) -> tuple[str, ...]:
    timed_out = any(event.sign is Sign.TIMED_OUT for event in ours.events)
    aborted = any(event.sign is Sign.ABORTING for event in ours.events)
    silent = not ours.events and ours.operation.step is not Step.NOTHING
    notes = (
        "has basic health: nothing shows which version each instance runs" if ours.reading.basic else "",
        "told nothing of its update: the account may not see events"
        if silent and ours.operation.step is not Step.SWAP
        else "",
        "had instances that did not answer in time" if timed_out else "",
        "was aborted on the way" if aborted else "",
        f"has health {health}" if health not in {"Ok", "Info"} else "",
    )
    return tuple(note for note in notes if note)


def _wrong_instances(ours: _Ours) -> str:
    """The instances that run another version, in words."""
    if ours.reading.fleet is None:
        return ""
    label = ours.operation.label
    wrong = [
        f"instance {instance.id} runs {instance.label}{'' if instance.status == 'Deployed' else f' ({instance.status})'}"
        for instance in ours.reading.fleet.instances
        if instance.label and (instance.label != label or instance.status != "Deployed")
    ]
    return (
        f"{', '.join(wrong[:3])}{f' and {len(wrong) - 3} more' if len(wrong) > 3 else ''}, not {label}" if wrong else ""
    )


def _why(ours: _Ours) -> str:
    """The most telling line: an instance's own message, else the service's summary."""
    errors = [event for event in ours.bad if event.severity in {"ERROR", "FATAL"}] or list(ours.bad)
    own = next((event for event in errors if event.sign is Sign.OTHER), None)
    first = own or (errors[0] if errors else None)
    return first.message if first else ""


def _last_words(events: tuple[Event, ...]) -> str:
    return events[-1].message if events else "its update has begun"


def _last_health(ours: _Ours) -> datetime:
    health = [event.at for event in ours.reading.events if event.sign is Sign.HEALTH]
    return max(health, default=ours.operation.at)
