"""A formation's drift: what is not as deployed, and who changed it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftedField:
    """A changed field, or a missing object; values are not kept."""

    object: str
    path: str = ""
    """The field; empty for the whole object."""
    by: str = ""
    """Who changed it, as named by the destination; empty if unknown."""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftSeen:
    """How much of a formation is not as deployed."""

    deployment: str
    """The id of the deployment that it is compared with."""
    objects: int
    fields: int
    """The number of changed fields."""
    by: tuple[str, ...]
    """Who changed these fields, as named by the destination."""
    since: datetime | None = None
    """When drift was first seen; None without drift."""
    first: tuple[DriftedField, ...] = ()
    """The first drifted fields."""

    @property
    def words(self) -> str:
        """`drift: 2 fields by kubectl-edit`; empty without drift."""
        if not self.objects:
            return ""
        counted = (self.fields, "field") if self.fields else (self.objects, "object")
        by = f" by {', '.join(self.by)}" if self.by else ""
        return f"drift: {counted[0]} {counted[1]}{'' if counted[0] == 1 else 's'}{by}"
