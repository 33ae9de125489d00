"""What a person may do with a run or a deployment, each after a question. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sealane.access.model import Actor, Permission
from sealane.server.ui.views import Action
from sealane.store.model import Deployment, DeploymentState, Run
from sealane.store.view_model import DeploymentView


def of_run(found: Run, actor: Actor) -> tuple[Action, ...]:
    """Cancelling a run that goes on, starting one again that is over."""
    if not actor.may(Permission.DEPLOY, found.app):
        return ()
    if found.ended:
        commit = (found.event.commit or "")[:7]
        return (
            Action(
                action=f"/runs/{found.id}/rerun",
                words="Run again",
                asks=f"A new run of {commit or 'the same commit'}, with its steps, images and deliveries.",
                yes="Run it again",
            ),
        )
    if found.cancelled_by:
        return ()
    return (
        Action(
            action=f"/runs/{found.id}/cancel",
            words="Cancel",
            asks="Its steps end now. Deployments it has asked for go on: cancel them on their own pages.",
            yes="Cancel the run",
        ),
    )


def of_deployment(view: DeploymentView, actor: Actor) -> tuple[Action, ...]:
    """Calling off one that is not over, deploying the revision of one that is over again."""
    found = view.deployment
    return tuple(_of_deployment(view, found)) if actor.may(Permission.DEPLOY, found.app) else ()


def _of_deployment(view: DeploymentView, found: Deployment) -> Iterator[Action]:
    if found.state is DeploymentState.ENDED:
        yield Action(
            action=f"/deployments/{found.id}/rerun",
            words="Deploy again",
            asks=f"The same revision goes to {found.formation} once more. It needs approvals like any other.",
            yes="Deploy it again",
        )
    elif found.cancelled_by or found.phase == "revert":
        return
    elif found.state is DeploymentState.ROLLING_OUT:
        back = "the revision before it is deployed again" if view.previous else "what it has written stays as it is"
        yield Action(
            action=f"/deployments/{found.id}/cancel",
            words="Stop",
            asks=f"The rollout stops and {back}. Its release is held until a newer one is deployed.",
            yes="Stop the rollout",
        )
    else:
        yield Action(
            action=f"/deployments/{found.id}/cancel",
            words="Cancel",
            asks=f"It never begins; what is in {found.formation} stays.",
            yes="Cancel the deployment",
        )
