"""The views of an app's page, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.list_views import ListRow
from sealane.server.pages.views import Action, Link, Pill, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """One formation: its version and its health."""

    formation: str
    href: str
    """The same page with this formation chosen."""
    chosen: bool
    tone: Tone
    pill: Pill
    since: datetime | None
    """Since when it has this state; None if that is no state of health."""
    lasts: str
    """How long it has had this state."""
    version: str
    deployment: str
    """The page of the current deployment, or of the running one."""
    subject: str
    """The first line of the commit's message."""
    cause: str
    """The cause of bad health; empty if healthy."""
    behind: str
    """How far it is behind the newest version in any formation; empty if it is not."""
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
    """The address of its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeRow:
    """One object of a formation, with its instances."""

    key: str
    """Stays the same when the page is read again, and is unique on it."""
    kind: str
    name: str
    pill: Pill
    note: str
    uses: str
    """Its usage, requests and limits; empty if unknown."""
    squares: tuple[Tone | str, ...]
    """A square for each instance, in its tone; `none` for a missing one."""
    instances: tuple[InstanceRow, ...]
    more: int
    """Number of instances that are not listed."""
    log: str
    """The address of its log; empty if it has none."""
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPage:
    """One app: its formations, what runs in one of them, and the last deployments."""

    app: str
    owner: str
    repository: Link
    run: ListRow | None
    """The newest run."""
    lanes: tuple[Lane, ...]
    chosen: str
    """The formation whose objects are shown; empty without formations."""
    tree: tuple[TreeRow, ...]
    seen: datetime | None
    """When it was last read; None if never."""
    was: bool
    """Whether the objects are shown as they were then, because their destination does not answer."""
    deploy: tuple[Action, ...]
    """Deploying another version to the chosen formation, for people who may."""
    compare: str
    """The address that compares the first formation with the last one; empty for a single formation."""
    last: tuple[ListRow, ...]
    """The last deployments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPage:
    """The output of a formation's containers."""

    app: str
    formation: str
    of: str
    """The chosen workload or instance; empty for all."""
    find: str
    choices: tuple[tuple[str, str], ...]
    """The value that is sent, and its text."""
    stream: str
    """The address of the stream of lines."""
    text: str
    """The last lines as text, for pages without scripts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitsCard:
    """Commits in one formation that are missing in another."""

    title: str
    words: str
    commits: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparePage:
    """The differences between two formations."""

    app: str
    formations: tuple[str, ...]
    """The formations that can be compared."""
    left: str
    right: str
    left_version: str
    right_version: str
    cards: tuple[CommitsCard, ...]
    difference: tuple[str, ...]
    """From the right one's manifests to the left one's, line by line."""
