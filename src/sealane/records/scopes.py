"""Scopes: which apps somebody may see or change, and where, and what an address may name of an app's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Some apps, each in every environment or in some, or all of them."""

    apps: frozenset[str] = frozenset()
    """Apps in every environment."""
    places: frozenset[tuple[str, str]] = frozenset()
    """Of other apps, the app and one environment each."""
    everything: bool = False

    def __contains__(self, app: str) -> bool:
        """Whether the app is in it, be it in one environment only."""
        return self.is_whole(app) or any(app == owner for owner, _ in self.places)

    def is_whole(self, app: str) -> bool:
        """Whether the app is in it in every environment."""
        return self.everything or app in self.apps

    def covers(self, app: str, environment: str) -> bool:
        """Whether the app is in it in that environment."""
        return self.is_whole(app) or (app, environment) in self.places

    def __bool__(self) -> bool:
        """Whether anything is in it."""
        return self.everything or bool(self.apps or self.places)


EVERYTHING = Scope(everything=True)
NOTHING = Scope()

AskedGroups = Mapping[str, frozenset[str]]
"""Environments, each with the groups whose approval is asked for there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPeople:
    """What says who an app's people are, as far as the tables know."""

    app: str
    owner: str
    asked: AskedGroups = field(default_factory=dict)
    """Groups whose approval is asked for what is there now, or waits."""
    environments: frozenset[str] = frozenset()
    """Where anything of it was ever offered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPlace:
    """What an address is about: an app, and one of its environments where it is about one."""

    app: str
    environment: str | None = None


class Subject(Enum):
    """What an address may name that is some app's."""

    APP = auto()
    FORMATION = auto()
    """As `app/formation`."""
    FORMATION_TO_BE = auto()
    """The same, also of one that nothing was ever offered to."""
    RUN = auto()
    DEPLOYMENT = auto()
    ANYTHING = auto()
    """A run, a deployment, an app or app/formation, as `why` takes them."""
    TOPIC = auto()
    """What a page follows: `overview`, `run/ID` or `deployment/ID`."""
