"""Which earlier deployment a person means to roll back to."""

from __future__ import annotations

from sealane.errors import Conflicting, Refused, UsageError
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.verdicts import rollback_target
from sealane.verdicts.model import VerdictKind

_SHORTEST = 6
"""Digits of a revision's id that must be given at least."""


def check_alone(history: tuple[Deployment, ...]) -> None:
    """A button pressed twice rolls back once: the second press did not mean what is there during the rollback."""
    going = next(
        (
            deployment
            for deployment in history
            if deployment.kind is DeploymentKind.ROLLBACK and deployment.verdict is None
        ),
        None,
    )
    if going is not None:
        hint = f"sealane watch {going.id} follows it; --to names another revision"
        raise Conflicting(f"{going.label} is being rolled back already: {going.id}", hint=hint)


def past_deployments(history: tuple[Deployment, ...]) -> list[rollback_target.PastDeployment]:
    """Newest first. Of two with one number, the rollback of a release group's member counts."""
    ended: dict[int, Deployment] = {}
    for deployment in history:
        if deployment.verdict_kind and not deployment.kind.in_place:
            ended.setdefault(deployment.sequence, deployment)
    return [
        rollback_target.PastDeployment(
            sequence=deployment.sequence, revision=deployment.revision_id, verdict=deployment.verdict_kind
        )
        for deployment in ended.values()
        if deployment.verdict_kind
    ]


def verified(history: tuple[Deployment, ...], wanted: str) -> Deployment:
    """The newest verified deployment of a revision: by the id or its beginning, or a deployment's number or id."""
    known = [deployment for deployment in history if _is_meant(deployment, wanted)]
    verified = [deployment for deployment in known if deployment.verdict_kind is VerdictKind.DEPLOYED]
    if not verified:
        state = "was never verified" if known else "never was"
        raise Refused(f"the revision {wanted} {state} there", hint="roll back to one that was deployed")
    if len({deployment.revision_id for deployment in verified}) > 1:
        raise UsageError(f"{wanted} is the beginning of several revisions", hint="write more of it")
    return verified[0]


def _is_meant(deployment: Deployment, wanted: str) -> bool:
    if wanted in {deployment.id, str(deployment.sequence), f"#{deployment.sequence}"}:
        return True
    start = wanted.removeprefix("sha256:")
    return len(start) >= _SHORTEST and deployment.revision_id.removeprefix("sha256:").startswith(start)
