"""People and what they may. Pure: knows nothing about HTTP or the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sealane.errors import Refused
from sealane.store import account_model as stored

ADMINISTRATORS = stored.ADMINISTRATORS
DEVELOPERS = "developers"
APPROVERS = "approvers"


class Permission(StrEnum):
    """What can be allowed."""

    VIEW = "view"
    """See everything but secrets: every user."""
    DEPLOY = "deploy"
    """Start runs and deployments, roll back, scale, cancel, lift holds: developers."""
    APPROVE = "approve"
    """Decide on deployments; on which ones, the groups of their rules say: everybody in a group but developers."""
    ADMINISTER = "administer"
    """Register apps, manage users and tokens: administrators."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who makes a request."""

    name: str
    groups: frozenset[str]
    via: Literal["token", "session", "push"]
    token_id: str | None = None

    def may(self, permission: Permission) -> bool:
        """Whether a group of the actor's allows it."""
        if permission is Permission.VIEW:
            return True
        if permission is Permission.APPROVE:
            return bool(self.groups - {DEVELOPERS})
        return bool(self.groups & _ALLOWED[permission])

    def require(self, permission: Permission) -> None:
        """Raises Refused, naming the group that would do."""
        if not self.may(permission):
            wanted = " or ".join(sorted(_ALLOWED.get(permission, {APPROVERS})))
            raise Refused(f"{self.name} may not {permission}", mend=f"ask an administrator for the group {wanted}")


_ALLOWED: Mapping[Permission, frozenset[str]] = {
    Permission.DEPLOY: frozenset({ADMINISTRATORS, DEVELOPERS}),
    Permission.ADMINISTER: frozenset({ADMINISTRATORS}),
}
