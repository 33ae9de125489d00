"""The facts of a deployment, each with a link. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sealane.deployments import messages
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.records.filters import Filter
from sealane.records.views import DeploymentView
from sealane.server.pages.presenters import lists, versions
from sealane.server.pages.views import Link

_MOST_AUTHORS = 6


def listed(view: DeploymentView) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """Pairs of name and value, in the order of importance."""
    deployment = view.deployment
    only = Filter(app=deployment.app)
    if came := view.origin:
        commit = came.commit[: versions.SHORT]
        yield "Commit", (Link(words=commit, href=lists.address("/deployments", only, commit=commit)),)
        if came.author:
            yield "Author", (Link(words=came.author, href=lists.address("/deployments", only, author=came.author)),)
        yield "Run", (Link(words=came.label, href=came.page),)
    if reason := how(deployment):
        yield "Started as", (Link(words=reason),)
    yield "Formation", (Link(words=deployment.formation, href=_formation(deployment, deployment.formation)),)
    environment = Filter(environment=deployment.environment)
    yield "Environment", (Link(words=deployment.environment, href=lists.address("/deployments", environment)),)
    for group in view.groups:
        others = (member.formation for member in group.members if member.formation != deployment.formation)
        yield "Goes with", tuple(Link(words=name, href=_formation(deployment, name)) for name in others)
    yield from ((name, (Link(words=value),)) for name, value in _plain(view))


def how(deployment: Deployment) -> str:
    """How it was started, unless by a run's own delivery."""
    by = f" by {deployment.requested_by}" if deployment.requested_by else ""
    match deployment.kind:
        case DeploymentKind.ROLLBACK:
            return f"rollback by hand{by}" if by else "automatic rollback"
        case DeploymentKind.MANUAL:
            return f"deployment by hand{by}"
        case DeploymentKind.SCALE:
            return f"scaling by hand{by}"
        case DeploymentKind.RESTART:
            return f"restart by hand{by}"
        case DeploymentKind.DELIVERY:
            return ""


def _formation(deployment: Deployment, name: str) -> str:
    return lists.address("/deployments", Filter(app=deployment.app, formation=name))


def _plain(view: DeploymentView) -> Iterator[tuple[str, str]]:
    deployment = view.deployment
    yield "Destination", f"{deployment.destination}, namespace {deployment.namespace}"
    yield "Revision", messages.short(deployment.revision_id)
    if view.release:
        yield "Deploy tag", view.release.deploy_tag
        for name, image in view.release.images.items():
            yield f"Image {name}", image.reference
    yield "Asked by", view.approval.asked_by
    author = (view.origin.author,) if view.origin else ()
    if (written := view.approval.written) and tuple(written) != author:
        more = f" and {len(written) - _MOST_AUTHORS} more" if len(written) > _MOST_AUTHORS else ""
        yield "Written by", f"{', '.join(written[:_MOST_AUTHORS])}{more}"
    if given := [vote.user for vote in view.approval.votes if vote.approves]:
        yield "Approved by", ", ".join(given)
    if deployment.glass:
        yield "Glass broken by", f"{deployment.glass.by}: {deployment.glass.reason}"
    if view.origin is None:
        yield "Number", f"{deployment.app} #{deployment.sequence}"
