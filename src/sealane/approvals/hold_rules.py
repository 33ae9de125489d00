"""Hold rules: whether a failed release stands in a deployment's way. Pure: knows nothing about the database."""

from __future__ import annotations

from collections.abc import Iterable

from sealane.records.deployments import Deployment, DeploymentKind, Hold

FREE = {DeploymentKind.ROLLBACK, DeploymentKind.SCALE, DeploymentKind.RESTART}
"""Rollbacks, scaling and restarts are free of holds and windows: they bring nothing that was not verified there."""


def blocking(deployment: Deployment, holds: Iterable[Hold]) -> Hold | None:
    """The hold that stops the deployment, or None.

    On its own formation a hold stops the failed release's commit and everything older, whatever runs brought it; on the
    app's other formations it stops that commit only. Rollbacks, scaling and restarting are free of holds: they bring nothing that was
    not verified there.
    """
    if deployment.kind in FREE:
        return None
    return next((hold for hold in holds if _stops(hold, deployment)), None)


def _stops(hold: Hold, deployment: Deployment) -> bool:
    if hold.app != deployment.app:
        return False
    if hold.formation == deployment.formation:
        return deployment.place <= hold.place
    return hold.release_id is not None and deployment.place == hold.place
