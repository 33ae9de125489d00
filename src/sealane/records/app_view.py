"""The current state of one app: what runs in each of its formations, and what was deployed last. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sealane.destinations.model import Inventory
from sealane.events.commits import CommitRange
from sealane.records.apps import App
from sealane.records.deployments import Deployment
from sealane.records.runs import Run
from sealane.records.views import FormationRow
from sealane.releases.origin import Origin
from sealane.stencils.model import Revision
from sealane.verdicts.model import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class FormationNow:
    """One formation of the app, and what runs there now."""

    row: FormationRow
    inventory: Inventory
    """Its objects at the destination."""
    observation: Observation | None
    """The last observation of what is deployed or being deployed, with instances; None before the first."""
    behind: CommitRange | None
    """What the newest release in any formation of the app has beyond this one; None if it has that one, or if unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A built release and its origin."""

    release: str
    deploy_tag: str
    place: float
    """The position of its commit in the line of commits."""
    origin: Origin | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppView:
    """The app."""

    app: App
    formations: tuple[FormationNow, ...]
    deployments: tuple[Deployment, ...]
    """The newest first."""
    run: Run | None
    """The newest one."""
    origins: Mapping[str, Origin]
    """The origin of each deployment's release, by the deployment's id."""
    versions: tuple[Version, ...] = ()
    """The newest releases, newest commit first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is in two formations of one app."""

    app: str
    formations: tuple[str, ...]
    """All formations that can be compared: those with a deployment."""
    left: FormationRow
    """With what is there or, if a rendering was named, with that one as its current deployment."""
    right: FormationRow
    left_name: str
    """As it was asked for: `production`, or `production@REF`."""
    right_name: str
    ahead: CommitRange | None
    """What the left one has and the right one lacks; None if unknown."""
    missing: CommitRange | None
    """What the right one has and the left one lacks."""
    left_revision: Revision
    right_revision: Revision
