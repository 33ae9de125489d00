"""The version of a deployment, as people name it. Pure."""

from __future__ import annotations

from sealane.deployments import messages
from sealane.records.deployments import Deployment
from sealane.records.views import DeploymentView
from sealane.releases.origin import Origin

SHORT = 7


def of(deployment: Deployment, came: Origin | None) -> str:
    """The short commit of a deployment, else the revision's hash; `came` is its release's origin."""
    return (came.commit if came else "")[:SHORT] or messages.short(deployment.revision_id)


def previous(view: DeploymentView) -> str:
    """The former version, or the one still there: its short commit, else its revision; empty without one."""
    if view.since is not None:
        return view.since.there[:SHORT]
    return f"revision {messages.short(view.previous.id)}" if view.previous else ""
