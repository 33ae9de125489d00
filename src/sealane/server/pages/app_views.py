"""What the page of an app shows, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.list_views import ListRow
from sealane.server.pages.views import Action, Link, Pill, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """One formation: what is there, and how it fares."""

    formation: str
    href: str
    """The same page with what runs there."""
    chosen: bool
    tone: Tone
    pill: Pill
    since: datetime | None
    """Since when it fares so; None where that is no state of health."""
    lasts: str
    """How long that is."""
    version: str
    deployment: str
    """The page of the deployment that is there, or on its way."""
    subject: str
    """The first line of the commit's message."""
    cause: str
    """Why it does not fare well; empty while it does."""
    behind: str
    """How far it is behind the newest that is in any formation; empty where it is not."""
    drift: Link | None
    facts: tuple[str, ...]
    at: datetime | None
    """When it was deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceRow:
    """One pod of a workload, or whatever its destination runs."""

    name: str
    pill: Pill
    notes: tuple[str, ...]
    log: str
    """Where its log is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeRow:
    """One object of a formation, and the instances that it keeps alive."""

    key: str
    """The same each time the page is read, and no other's on it."""
    kind: str
    name: str
    pill: Pill
    note: str
    uses: str
    """What it uses, asks for and is limited to; empty where nothing is known."""
    squares: tuple[Tone | str, ...]
    """A square an instance, in its tone; `none` for one that is not there yet."""
    instances: tuple[InstanceRow, ...]
    more: int
    """Instances that are not named."""
    log: str
    """Where its log is; empty for what prints none."""
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPage:
    """One app: its formations, what runs in one of them, and what came last."""

    app: str
    owner: str
    repository: Link
    run: ListRow | None
    """The newest run."""
    lanes: tuple[Lane, ...]
    chosen: str
    """The formation whose objects are shown; empty where there is none."""
    tree: tuple[TreeRow, ...]
    seen: datetime | None
    """When it was looked at last; None before anybody did."""
    deploy: tuple[Action, ...]
    """Sending another version to the chosen formation, for those who may."""
    compare: str
    """Where the first formation is compared with the last one; empty where there are not two."""
    last: tuple[ListRow, ...]
    """The last deployments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPage:
    """What runs in a formation prints."""

    app: str
    formation: str
    of: str
    """The workload or instance that is chosen; empty for all."""
    find: str
    choices: tuple[tuple[str, str], ...]
    """What is sent, and what people read."""
    stream: str
    """Where the lines come from."""
    text: str
    """The last ones as text, for pages without scripts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitsCard:
    """Commits that one formation has and another has not."""

    title: str
    words: str
    commits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparePage:
    """What differs between what is in two formations."""

    app: str
    formations: tuple[str, ...]
    """Those that can be compared."""
    left: str
    right: str
    left_version: str
    right_version: str
    cards: tuple[CommitsCard, ...]
    difference: tuple[str, ...]
    """From the right one's manifests to the left one's, line by line."""
