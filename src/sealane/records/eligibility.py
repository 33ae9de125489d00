"""Who may not approve a deployment because of their part in it, as a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class IneligibleReason(StrEnum):
    """Why somebody may not approve."""

    ASKED = "asked for it"
    PUSHED = "pushed it"
    WROTE = "wrote a commit of it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ineligible:
    """Who may not approve a deployment."""

    people: Mapping[str, IneligibleReason]
    """By name in small letters, each with why; also names that no user has."""
    named: tuple[str, ...] = ()
    """The same people, each once, as they are told: a known one by the user's name."""
    unknown: bool
    """Whether somebody pushed of whom nobody can say who it was."""

    def why(self, user: str) -> IneligibleReason | None:
        """Why this user may not; None when they may."""
        return self.people.get(user.casefold())


NOBODY = Ineligible(people={}, unknown=False)
