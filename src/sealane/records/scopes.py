"""Scopes: which apps and environments somebody may see or change, and what an address may name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Some apps, each in every environment or in some; or all apps."""

    apps: frozenset[str] = frozenset()
    """Apps in every environment."""
    places: frozenset[tuple[str, str]] = frozenset()
    """For other apps: pairs of app and environment."""
    everything: bool = False

    def __contains__(self, app: str) -> bool:
        """Whether the app is in the scope, in at least one environment."""
        return self.is_whole(app) or any(app == owner for owner, _ in self.places)

    def is_whole(self, app: str) -> bool:
        """Whether the app is in the scope in every environment."""
        return self.everything or app in self.apps

    def covers(self, app: str, environment: str) -> bool:
        """Whether the app is in the scope in that environment."""
        return self.is_whole(app) or (app, environment) in self.places

    def __bool__(self) -> bool:
        """Whether the scope has anything."""
        return self.everything or bool(self.apps or self.places)


EVERYTHING = Scope(everything=True)
NOTHING = Scope()

AskedGroups = Mapping[str, frozenset[str]]
"""Environments, each with the groups whose approval is needed there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPeople:
    """What the tables know about an app's people."""

    app: str
    owner: str
    asked: AskedGroups = field(default_factory=dict)
    """Groups whose approval is needed for what is deployed or waits."""
    environments: frozenset[str] = frozenset()
    """Environments that it was ever offered to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPlace:
    """What an address is about: an app, and perhaps one of its environments."""

    app: str
    environment: str | None = None


class Subject(Enum):
    """What an address may name that belongs to an app."""

    APP = auto()
    FORMATION = auto()
    """As `app/formation`."""
    FORMATION_TO_BE = auto()
    """The same, also for a formation that nothing was ever offered to."""
    RUN = auto()
    DEPLOYMENT = auto()
    ANYTHING = auto()
    """A run, a deployment, an app or app/formation, as in `why`."""
    TOPIC = auto()
    """What a page follows: `overview`, `run/ID` or `deployment/ID`."""
