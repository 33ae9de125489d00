"""What drifted of a formation: how much is not as it was deployed, and by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftedField:
    """A field that somebody changed, or an object that is gone; its value is not kept."""

    object: str
    path: str = ""
    """Empty where it is the object as a whole."""
    by: str = ""
    """Who, as the destination knows them; empty where it does not."""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftSeen:
    """How much of a formation is not as it was deployed."""

    deployment: str
    """The id of the deployment that is compared."""
    objects: int
    fields: int
    """Fields of them that somebody changed."""
    by: tuple[str, ...]
    """Who set these fields, as the destination knows them."""
    since: datetime | None = None
    """When it was seen first that anything drifted; None where nothing has."""
    first: tuple[DriftedField, ...] = ()
    """The first of them."""

    @property
    def words(self) -> str:
        """`drift: 2 fields by kubectl-edit`; empty where there is none."""
        if not self.objects:
            return ""
        what = (self.fields, "field") if self.fields else (self.objects, "object")
        by = f" by {', '.join(self.by)}" if self.by else ""
        return f"drift: {what[0]} {what[1]}{'' if what[0] == 1 else 's'}{by}"
