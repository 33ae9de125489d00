"""People and what they may. Pure: knows nothing about HTTP or the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sealane.environments.app_access import FILE
from sealane.errors import Refused
from sealane.records import accounts as stored
from sealane.records.scopes import NOTHING, Scope

ADMINISTRATORS = stored.ADMINISTRATORS
DEVELOPERS = "developers"
APPROVERS = "approvers"


class Permission(StrEnum):
    """What can be allowed."""

    READ = "read"
    """See an app, its runs, logs and deployments, secrets masked: its people, readers, and who is asked about it."""
    DEPLOY = "deploy"
    """Start runs and deployments, roll back, scale, cancel, lift holds, rotate tokens: developers among its people."""
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
    reads: Scope = NOTHING
    """The apps they may see."""
    writes: Scope = NOTHING
    """The apps whose people they are."""

    def may(self, permission: Permission, app: str | None = None) -> bool:
        """Whether a group of the actor's allows it and, where it is about an app, the actor belongs to that."""
        if app is not None and app not in (self.writes if permission is Permission.DEPLOY else self.reads):
            return False
        if permission is Permission.READ:
            return True
        if permission is Permission.APPROVE:
            return bool(self.groups - {DEVELOPERS})
        return bool(self.groups & _ALLOWED[permission])

    def require(self, permission: Permission, app: str | None = None) -> None:
        """Raises Refused, naming the group that would do."""
        if not self.may(permission):
            wanted = " or ".join(sorted(_ALLOWED.get(permission, {APPROVERS})))
            raise Refused(f"{self.name} may not {permission}", hint=f"ask an administrator for the group {wanted}")
        if not self.may(permission, app):
            hint = f"ask an administrator to make you one: its owner's group, or members in {FILE}"
            raise Refused(f"{self.name} may not {permission} {app}, being none of its people", hint=hint)


_ALLOWED: Mapping[Permission, frozenset[str]] = {
    Permission.DEPLOY: frozenset({ADMINISTRATORS, DEVELOPERS}),
    Permission.ADMINISTER: frozenset({ADMINISTRATORS}),
}
