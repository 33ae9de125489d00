"""Scopes: which apps somebody may see, and what an address may name of an app's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Some apps, or every one."""

    apps: frozenset[str] = frozenset()
    everything: bool = False

    def __contains__(self, app: str) -> bool:
        """Whether the app is in it."""
        return self.everything or app in self.apps


EVERYTHING = Scope(everything=True)
NOTHING = Scope()


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPeople:
    """What says who an app's people are, as far as the tables know."""

    app: str
    owner: str
    asked: frozenset[str] = frozenset()
    """Groups whose approval is asked for what is there now, or waits."""


class Subject(Enum):
    """What an address may name that is some app's."""

    APP = auto()
    RUN = auto()
    DEPLOYMENT = auto()
    ANYTHING = auto()
    """A run, a deployment, an app or app/formation, as `why` takes them."""
    TOPIC = auto()
    """What a page follows: `overview`, `run/ID` or `deployment/ID`."""
