"""A person's actions on a run or a deployment, each after a question. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sealane.access.model import Actor
from sealane.environments.grants import Permission
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.runs import Run
from sealane.records.views import DeploymentView
from sealane.server.pages.presenters import versions
from sealane.server.pages.views import Action
from sealane.verdicts.model import VerdictKind


def of_run(run: Run, actor: Actor) -> tuple[Action, ...]:
    """Cancelling an active run; starting an ended one again, and erasing its output."""
    if not actor.may(Permission.DEPLOY, run.app):
        return ()
    if run.ended:
        commit = (run.event.commit or "")[:7]
        return (
            Action(
                action=f"/runs/{run.id}/rerun",
                words="Run again",
                asks=f"A new run of {commit or 'the same commit'}, with its steps, images and deliveries.",
                yes="Run it again",
            ),
            Action(
                action=f"/runs/{run.id}/erase-logs",
                words="Erase logs",
                asks="What its steps printed and its tests reported is gone for good; that you did it stays in the audit. "
                "A secret that stood there has to be changed all the same.",
                yes="Erase the logs",
            ),
        )
    if run.cancelled_by:
        return ()
    return (
        Action(
            action=f"/runs/{run.id}/cancel",
            words="Cancel",
            asks="Its steps end now. Deployments it has asked for go on: cancel them on their own pages.",
            yes="Cancel the run",
        ),
    )


def of_deployment(view: DeploymentView, actor: Actor) -> tuple[Action, ...]:
    """Lifting its hold, rolling it back, cancelling it while active, deploying its revision again after its end."""
    deployment = view.deployment
    if not actor.may(Permission.DEPLOY, deployment.app, deployment.environment):
        return ()
    held = (lifting(deployment.id, deployment.formation),) if view.hold else ()
    return (*held, *_back(view), *_of_deployment(view, deployment))


def lifting(deployment: str, formation: str) -> Action:
    """Lifting the hold that a deployment left on its formation."""
    return Action(
        action=f"/deployments/{deployment}/release-hold",
        words="Lift the hold",
        asks=f"What the hold of {formation} stops goes out: whatever waits for nothing else begins at once.",
        yes="Lift the hold",
    )


def of_drift(deployment: Deployment, actor: Actor) -> tuple[Action, ...]:
    """Correcting the drift."""
    if not actor.may(Permission.DEPLOY, deployment.app, deployment.environment):
        return ()
    return (
        Action(
            action=f"/deployments/{deployment.id}/drift",
            words="Put it right",
            asks=f"The revision that is in {deployment.formation} is deployed again: what differs is set as it was deployed.",
            yes="Deploy it again",
        ),
    )


def _back(view: DeploymentView) -> Iterator[Action]:
    """Rolling back from this deployment to the revision that was verified before."""
    deployment = view.deployment
    if view.previous and deployment.verdict_kind is VerdictKind.DEPLOYED:
        to = versions.previous(view)
        yield Action(
            action=f"/deployments/{deployment.id}/rollback",
            words=f"Roll back to {to}",
            asks=f"What was verified there before, {to}, is deployed to {deployment.formation} as it was, with its configuration and secrets. "
            "This release and older ones are held until a newer one is deployed, or somebody lifts the hold.",
            yes="Roll it back",
        )


def _of_deployment(view: DeploymentView, deployment: Deployment) -> Iterator[Action]:
    if deployment.state is DeploymentState.ENDED:
        yield Action(
            action=f"/deployments/{deployment.id}/rerun",
            words="Deploy again",
            asks=f"The same revision goes to {deployment.formation} once more. It needs approvals like any other.",
            yes="Deploy it again",
        )
    elif deployment.cancelled_by or deployment.phase == "revert":
        return
    elif deployment.state is DeploymentState.ROLLING_OUT:
        back = "the revision before it is deployed again" if view.previous else "what it has written stays as it is"
        yield Action(
            action=f"/deployments/{deployment.id}/cancel",
            words="Stop",
            asks=f"The rollout stops and {back}. Its release is held until a newer one is deployed.",
            yes="Stop the rollout",
        )
    else:
        yield Action(
            action=f"/deployments/{deployment.id}/cancel",
            words="Cancel",
            asks=f"It never begins; what is in {deployment.formation} stays.",
            yes="Cancel the deployment",
        )
