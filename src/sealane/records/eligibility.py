"""Who may not approve a deployment because they took part in it. Pure."""

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
    """The reason by name in lower case; may have names of no user."""
    named: tuple[str, ...] = ()
    """The same people, each once, as shown: users by their user name."""
    unknown: bool
    """Whether one of the pushers is unknown."""

    def why(self, user: str) -> IneligibleReason | None:
        """Why this user may not approve; None when they may."""
        return self.people.get(user.casefold())


NOBODY = Ineligible(people={}, unknown=False)
