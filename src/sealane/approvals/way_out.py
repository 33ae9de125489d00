"""The way out: how to deploy after all what ended without being there. Pure."""

from __future__ import annotations

from sealane.records.deployments import Deployment, DeploymentKind
from sealane.verdicts.model import VerdictKind

_HELD = {VerdictKind.FAILED, VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED}


def of(subject: Deployment) -> str:
    """The command that requests it again; empty if it is there or still on its way."""
    if subject.verdict is None or subject.verdict.kind is VerdictKind.DEPLOYED:
        return ""
    again = _again(subject)
    blamed = subject.verdict.kind in _HELD and subject.verdict.cause is not None
    if blamed and subject.kind in {DeploymentKind.DELIVERY, DeploymentKind.MANUAL}:
        return f"push a newer commit, or: sealane rollback {subject.label} --lift-hold, and then: {again}"
    return again


def lifting(label: str) -> str:
    """The command that lifts the hold."""
    return f"sealane rollback {label} --lift-hold"


def _again(subject: Deployment) -> str:
    match subject.kind:
        case DeploymentKind.ROLLBACK:
            return f"sealane rollback {subject.label} --to {subject.revision_id.removeprefix('sha256:')[:12]}"
        case DeploymentKind.SCALE:
            return f"sealane scale {subject.label} WORKLOAD REPLICAS"
        case DeploymentKind.RESTART:
            return f"sealane restart {subject.label} WORKLOAD"
    release = f" --release {subject.release_id}" if subject.release_id else ""
    return f"sealane deploy {subject.label}{release}"
