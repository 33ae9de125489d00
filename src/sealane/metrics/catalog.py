"""What is measured on events, by name; docs/metrics.md must match this. Pure."""

from __future__ import annotations

from sealane.metrics.model import Definition, Unit

_RELEASE = ("app", "environment", "formation", "status")
_DETAILS = ("release", "version")

RELEASE_COUNT = Definition(
    name="release.count",
    unit=Unit.COUNT,
    help="Deployments that ended, by their verdict.",
    labels=_RELEASE,
    details=_DETAILS,
)
RELEASE_FAILURES = Definition(
    name="release.failures",
    unit=Unit.COUNT,
    help="Deployments that failed or were rolled back.",
    labels=_RELEASE,
    details=_DETAILS,
)
RELEASE_ELAPSED_TIME = Definition(
    name="release.elapsed_time",
    unit=Unit.SECONDS,
    help="Seconds from the start of a deployment to its verdict.",
    labels=_RELEASE,
    details=_DETAILS,
)
RELEASE_WAIT_TIME = Definition(
    name="release.wait_time",
    unit=Unit.SECONDS,
    help="Seconds that a deployment waited for approvals, windows, holds and its turn before it began.",
    labels=("app", "environment", "formation"),
    details=_DETAILS,
)
RUN_COUNT = Definition(
    name="run.count", unit=Unit.COUNT, help="Runs that ended, by their status.", labels=("app", "cause", "status")
)
RUN_FAILURES = Definition(
    name="run.failures",
    unit=Unit.COUNT,
    help="Runs that failed, or that Sealane could not carry through.",
    labels=("app", "cause", "status"),
)
RUN_ELAPSED_TIME = Definition(
    name="run.elapsed_time",
    unit=Unit.SECONDS,
    help="Seconds from the start of a run to its end.",
    labels=("app", "cause", "status"),
)
RUN_WAIT_TIME = Definition(
    name="run.wait_time",
    unit=Unit.SECONDS,
    help="Seconds that a run waited for a free slot before it began.",
    labels=("app", "cause"),
)
HEALTH_DEGRADED = Definition(
    name="health.degraded",
    unit=Unit.COUNT,
    help="Times that a formation became unhealthy after its verdict.",
    labels=("app", "formation"),
)
OBSERVED_DEGRADED = Definition(
    name="observed.degraded",
    unit=Unit.COUNT,
    help="Times that workloads that others deploy became unhealthy.",
    labels=("app", "environment", "formation"),
)
HOLD_COUNT = Definition(
    name="hold.count",
    unit=Unit.COUNT,
    help="Holds that were set, because a deployment failed.",
    labels=("app", "formation"),
)
INTAKE_FAILURES = Definition(
    name="intake.failures", unit=Unit.COUNT, help="Tries to take in an app's pushes that failed.", labels=("app",)
)
SIGN_IN_FAILURES = Definition(
    name="sign_in.failures", unit=Unit.COUNT, help="Tries to sign in that were refused.", labels=()
)
WORKER_DEATHS = Definition(
    name="worker.deaths",
    unit=Unit.COUNT,
    help="Workers whose work others took over, because they fell silent.",
    labels=(),
)
METRICS_UNSENT = Definition(
    name="metrics.unsent",
    unit=Unit.COUNT,
    help="Events that a sink was not told, because it refused them or came back too late for them.",
    labels=("reason", "sink"),
)

SENT = (
    RELEASE_COUNT,
    RELEASE_FAILURES,
    RELEASE_ELAPSED_TIME,
    RELEASE_WAIT_TIME,
    RUN_COUNT,
    RUN_FAILURES,
    RUN_ELAPSED_TIME,
    RUN_WAIT_TIME,
    HEALTH_DEGRADED,
    OBSERVED_DEGRADED,
    HOLD_COUNT,
    INTAKE_FAILURES,
    SIGN_IN_FAILURES,
    WORKER_DEATHS,
)
"""What is measured on events and sent to sinks."""
DEFINITIONS = {definition.name: definition for definition in (*SENT, METRICS_UNSENT)}
"""What `/metrics` has totals of, by name."""
