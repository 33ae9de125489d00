"""States as pills: the word and the colour of every state on a page. Pure."""

from __future__ import annotations

from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.runs import Run
from sealane.releases.deliveries import DeliveryOutcome
from sealane.server.pages.views import HealthSaid, Pill, Tone
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import VerdictKind

_VERDICTS: dict[VerdictKind, Pill] = {
    VerdictKind.DEPLOYED: Pill(tone="ok", words="deployed"),
    VerdictKind.ROLLED_BACK: Pill(tone="bad", words="rolled back"),
    VerdictKind.ROLLBACK_FAILED: Pill(tone="bad", words="rollback failed"),
    VerdictKind.FAILED: Pill(tone="bad", words="failed"),
    VerdictKind.SUPERSEDED: Pill(tone="off", words="superseded"),
    VerdictKind.UNPROVEN: Pill(tone="wait", words="unproven"),
    VerdictKind.CANCELLED: Pill(tone="off", words="cancelled"),
}
_STATES: dict[DeploymentState, Pill] = {
    DeploymentState.WAITING: Pill(tone="wait", words="waiting"),
    DeploymentState.QUEUED: Pill(tone="wait", words="queued"),
    DeploymentState.ROLLING_OUT: Pill(tone="run", words="rolling out"),
    DeploymentState.ENDED: Pill(tone="off", words="ended"),
}
_RUNS: dict[str, Tone] = {
    "waiting": "wait",
    "running": "run",
    "passed": "ok",
    "failed": "bad",
    "broken": "bad",
    "cancelled": "off",
    "skipped": "off",
    "refused": "bad",
}
_STEPS: dict[StepStatus, Tone] = {
    StepStatus.RUNNING: "run",
    StepStatus.PASSED: "ok",
    StepStatus.FAILED: "bad",
    StepStatus.BROKEN: "bad",
    StepStatus.CANCELLED: "off",
    StepStatus.SKIPPED: "off",
}


_DELIVERED: dict[DeliveryOutcome, Tone] = {
    DeliveryOutcome.WAITING: "wait",
    DeliveryOutcome.QUEUED: "wait",
    DeliveryOutcome.ROLLING_OUT: "run",
    DeliveryOutcome.DEPLOYED: "ok",
    DeliveryOutcome.ROLLED_BACK: "bad",
    DeliveryOutcome.ROLLBACK_FAILED: "bad",
    DeliveryOutcome.FAILED: "bad",
    DeliveryOutcome.SUPERSEDED: "off",
    DeliveryOutcome.UNPROVEN: "bad",
    DeliveryOutcome.CANCELLED: "off",
}


_HEALTH: dict[HealthState, Tone] = {
    HealthState.HEALTHY: "ok",
    HealthState.PROGRESSING: "run",
    HealthState.DEGRADED: "bad",
    HealthState.MISSING: "bad",
    HealthState.SUSPENDED: "off",
    HealthState.UNKNOWN: "wait",
}


def health(current: FormationHealth | None) -> HealthSaid | None:
    """A formation's health; None if not watched."""
    if current is None:
        return None
    pill = Pill(tone=_HEALTH[current.state], words=current.state.value)
    return HealthSaid(pill=pill, since=current.since, cause=current.cause)


def deployment(deployment: Deployment) -> Pill:
    """A deployment's result or progress."""
    if deployment.verdict is not None:
        return _VERDICTS[deployment.verdict.kind]
    if deployment.state is DeploymentState.WAITING and deployment.rules:
        return Pill(tone="wait", words="needs approval")
    return _STATES[deployment.state]


def run(run: Run) -> Pill:
    """A run's result or progress; a passed one has the state of its deliveries."""
    if run.status is RunStatus.PASSED and run.delivered is not None:
        return delivered(run.delivered)
    return Pill(tone=_RUNS.get(run.status.value, "off"), words=run.status.value)


def delivered(state: DeliveryOutcome) -> Pill:
    """A delivery's result or progress."""
    return Pill(tone=_DELIVERED[state], words=state.words)


FAILURE_IGNORED: tuple[Tone, str] = ("off", "failure ignored")
"""The colour and word of a step whose failure its file ignores."""


def step(status: StepStatus) -> Tone | None:
    """The colour of a step's dot; None while it waits."""
    return _STEPS.get(status)
