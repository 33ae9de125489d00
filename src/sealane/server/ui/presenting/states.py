"""States as pills: the word and the colour of every state a page can show. Pure."""

from __future__ import annotations

from sealane.pipelines.model import RunStatus, StepStatus
from sealane.server.ui.views import Pill, Tone
from sealane.store.model import Deployment, DeploymentState
from sealane.verdicts.model import VerdictKind

_VERDICTS: dict[VerdictKind, Pill] = {
    VerdictKind.DEPLOYED: Pill(tone="ok", words="deployed"),
    VerdictKind.ROLLED_BACK: Pill(tone="bad", words="rolled back"),
    VerdictKind.ROLLBACK_FAILED: Pill(tone="bad", words="rollback failed"),
    VerdictKind.FAILED: Pill(tone="bad", words="failed"),
    VerdictKind.SUPERSEDED: Pill(tone="off", words="superseded"),
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


def deployment(found: Deployment) -> Pill:
    """How a deployment ended, or how far it is."""
    if found.verdict is not None:
        return _VERDICTS[found.verdict.kind]
    if found.state is DeploymentState.WAITING and found.rules:
        return Pill(tone="wait", words="wants approval")
    return _STATES[found.state]


def run(status: RunStatus) -> Pill:
    """How a run ended, or how far it is."""
    return Pill(tone=_RUNS.get(status.value, "off"), words=status.value)


def step(status: StepStatus) -> Tone | None:
    """The colour of a step's dot; None while it waits."""
    return _STEPS.get(status)
