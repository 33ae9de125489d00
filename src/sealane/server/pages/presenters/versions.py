"""What a deployment deploys, as people name it. Pure."""

from __future__ import annotations

from sealane.deployments import messages
from sealane.records.deployments import Deployment
from sealane.records.views import DeploymentView
from sealane.releases.origin import Origin

SHORT = 7


def of(deployment: Deployment, came: Origin | None) -> str:
    """The short commit of what a deployment deploys, else the revision's hash; `came` is where its release comes from."""
    return (came.commit if came else "")[:SHORT] or messages.short(deployment.revision_id)


def previous(view: DeploymentView) -> str:
    """What was there before, or is there still: its short commit, else its revision; empty where nothing was."""
    if view.since is not None:
        return view.since.there[:SHORT]
    return f"revision {messages.short(view.previous.id)}" if view.previous else ""
