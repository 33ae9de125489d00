"""The platform's state at a moment, from its tables, and the families of it that `/metrics` shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sealane.metrics.model import Family, Sample, Shape


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """Events that a subscriber has not handled yet."""

    events: int
    since: datetime | None
    """When the first of them happened."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """How many are in a state, and since when the oldest of them is."""

    length: int
    since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformFacts:
    """All counts of one moment."""

    at: datetime
    runs: Mapping[str, Queue]
    """By `queued` and `running`."""
    deployments: Mapping[str, Queue]
    """By state, of those that have not ended."""
    formations: Mapping[str, int]
    """By environment."""
    drifted: Mapping[str, int]
    """Formations with drift, by environment."""
    health: Mapping[tuple[str, ...], int]
    """By environment and state of health."""
    holds: int
    notices: Mapping[str, int]
    """Unsent messages, by state: tried again, or given up."""
    troubled_apps: int
    """Apps whose pushes can't be processed."""
    newest_event: int
    subscribers: Mapping[str, Backlog]
    database_bytes: int


@dataclass(frozen=True, slots=True)
class Series:
    """A family of facts: its name, its meaning, and its values by label."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def gauge(self, values: Mapping[str, float]) -> Family:
        """One value for each value of the label."""
        return self.crossed({(name,): value for name, value in values.items()})

    def crossed(self, values: Mapping[tuple[str, ...], float]) -> Family:
        """One value for each combination of label values."""
        samples = [
            Sample(value=value, labels=dict(zip(self.labels, names, strict=True))) for names, value in values.items()
        ]
        return Family(name=self.name, shape=Shape.GAUGE, help=self.help, samples=samples)

    def single(self, value: float) -> Family:
        """A single value."""
        return self.crossed({(): value})


READY = Series("sealane_ready", "Whether a part of the server is ready, as /readyz tells: 1 or 0.", ("check",))
WORKERS = Series("sealane_workers_alive", "Workers whose heartbeats this process sees go on.")
RUNS = Series("sealane_runs", "Runs that have not ended: queued for a slot, or running.", ("state",))
RUNS_WAIT = Series("sealane_runs_oldest_seconds", "Age of the oldest run in the state.", ("state",))
DEPLOYMENTS = Series("sealane_deployments", "Deployments that have not ended, by state.", ("state",))
DEPLOYMENTS_WAIT = Series(
    "sealane_deployments_oldest_seconds", "Age of the oldest deployment in the state.", ("state",)
)
FORMATIONS = Series("sealane_formations", "Formations that something was deployed to.", ("environment",))
DRIFTED = Series(
    "sealane_formations_drifted", "Formations that somebody changed since they were deployed.", ("environment",)
)
HEALTH = Series(
    "sealane_formations_health", "Formations by how they fare since their verdict.", ("environment", "health")
)
NOTICES = Series("sealane_notices_unsent", "Notices that could not be sent: tried again, or given up.", ("state",))
HOLDS = Series("sealane_holds", "Holds that nobody lifted.")
INTAKE = Series("sealane_intake_failing_apps", "Apps whose pushes can't be taken in now.")
EVENTS = Series("sealane_outbox_newest_event", "Id of the newest event; its rate is that of events.")
BACKLOG = Series("sealane_subscriber_backlog_events", "Events that a subscriber has not gone through.", ("subscriber",))
BACKLOG_AGE = Series("sealane_subscriber_backlog_seconds", "Age of the first of these events.", ("subscriber",))
DATABASE = Series("sealane_database_bytes", "Size of a database on disk.", ("database",))
DISK_FREE = Series("sealane_disk_free_bytes", "Free space on the disk of the data folder.")
STREAMS = Series("sealane_streams_open", "Pages and commands that follow something live at this process.")
STREAM_LAG = Series(
    "sealane_stream_lag_seconds", "How old the last event was when it went out to those who follow live."
)
UPDATED = Series("sealane_facts_age_seconds", "How long ago the tables were counted; they are once in some seconds.")

SERIES = (
    *(
        READY,
        WORKERS,
        RUNS,
        RUNS_WAIT,
        DEPLOYMENTS,
        DEPLOYMENTS_WAIT,
        FORMATIONS,
        DRIFTED,
        HEALTH,
        NOTICES,
        HOLDS,
        INTAKE,
        EVENTS,
    ),
    *(BACKLOG, BACKLOG_AGE, DATABASE, DISK_FREE, STREAMS, STREAM_LAG, UPDATED),
)
"""Every gauge that `/metrics` shows of the platform."""


def families(facts: PlatformFacts, now: datetime) -> Iterator[Family]:
    """The contents of the tables, as gauges."""
    for length, wait, queues in (
        (RUNS, RUNS_WAIT, facts.runs),
        (DEPLOYMENTS, DEPLOYMENTS_WAIT, facts.deployments),
    ):
        yield length.gauge({name: queue.length for name, queue in queues.items()})
        yield wait.gauge({name: _age(queue.since, facts.at) for name, queue in queues.items()})
    yield FORMATIONS.gauge(facts.formations)
    yield DRIFTED.gauge(facts.drifted)
    yield HEALTH.crossed(facts.health)
    yield NOTICES.gauge(facts.notices)
    yield HOLDS.single(facts.holds)
    yield INTAKE.single(facts.troubled_apps)
    yield EVENTS.single(facts.newest_event)
    yield BACKLOG.gauge({name: backlog.events for name, backlog in facts.subscribers.items()})
    yield BACKLOG_AGE.gauge({name: _age(backlog.since, facts.at) for name, backlog in facts.subscribers.items()})
    yield UPDATED.single(_age(facts.at, now))


def late(backlogs: Mapping[str, Backlog], now: datetime) -> str:
    """Which subscribers have been behind for long; empty if none."""
    samples = [
        f"{name} is {backlog.events} events behind"
        for name, backlog in backlogs.items()
        if _age(backlog.since, now) > LATE
    ]
    return ", ".join(samples)


LATE = 60.0
"""Seconds after which a subscriber is reported as behind."""


def _age(since: datetime | None, now: datetime) -> float:
    """The age in seconds; 0 without a time."""
    return max(0.0, round((now - since).total_seconds(), 3)) if since else 0.0
