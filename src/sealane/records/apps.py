"""An app, as it is registered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A product with an owner, registered with one repository and, in a monorepo, a path."""

    name: str
    repository: str
    """URL to clone from; for a repository served by Sealane, its folder's name below `Settings.repositories`."""
    path: str
    """Folder in the repository, empty for its root."""
    owner: str
    trunk: str
    hosted: bool
    """Whether Sealane serves the repository itself."""
    hook_generation: int
    """Counts rotations of the hook secret, which is derived and not stored."""
    created: datetime
    hook_old_until: datetime | None = None
    """Until when the previous hook secret is valid, too."""
