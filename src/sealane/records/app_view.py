"""One app with all that is known of it now: what runs in each of its formations, and what was deployed last. Pure."""

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
    """What was seen last of what is there, or on its way there, instances included; None before anybody looked."""
    behind: CommitRange | None
    """What the newest release that is in any formation of the app brings over this one; None where it has that, or nobody can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A release that was built, and where it comes from."""

    release: str
    deploy_tag: str
    place: float
    """Where its commit stands in the line of commits."""
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
    """Where the release of each deployment here comes from, by the deployment's id."""
    versions: tuple[Version, ...] = ()
    """The newest releases, that of the newest commit first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is in two formations of one app."""

    app: str
    formations: tuple[str, ...]
    """All that can be compared: where anything is."""
    left: FormationRow
    right: FormationRow
    ahead: CommitRange | None
    """What the left one has that the right one has not; None where nobody can tell."""
    missing: CommitRange | None
    """What the right one has that the left one has not."""
    left_revision: Revision
    right_revision: Revision
