"""People and what they may do. Pure: knows nothing about HTTP or the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sealane.environments.grants import Permission
from sealane.errors import Refused
from sealane.records import accounts as stored
from sealane.records.scopes import NOTHING, Scope

ADMINISTRATORS = stored.ADMINISTRATORS
DEVELOPERS = "developers"
APPROVERS = "approvers"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who makes a request."""

    name: str
    groups: frozenset[str]
    via: Literal["token", "session", "push"]
    token_id: str | None = None
    """The token that they came with, or began the session with."""
    reads: Scope = NOTHING
    """What they may see."""
    deploys: Scope = NOTHING
    """Where they may deploy."""
    administers: Scope = NOTHING
    """Which apps they may administer."""
    approves: Mapping[str, Scope] = field(default_factory=dict)
    """For those of their groups with a grant to approve: where. Other groups may approve wherever they are asked."""

    def may(self, permission: Permission, app: str | None = None, environment: str | None = None) -> bool:
        """Whether they may do it in the environment; without one: in some of the app's; without an app: anywhere.

        For approving: whether an approval of any of their groups would count, if it is asked for.
        """
        if app is None and permission is Permission.ADMINISTER:
            return ADMINISTRATORS in self.groups
        if permission is Permission.APPROVE:
            return bool(self.approves_as(app, environment) if app and environment else self.groups)
        scope = {Permission.READ: self.reads, Permission.DEPLOY: self.deploys}.get(permission, self.administers)
        return permission is Permission.READ or bool(scope) if app is None else _within(scope, app, environment)

    def may_everywhere(self, permission: Permission, app: str) -> bool:
        """Whether they may do it in every environment of the app, now and later."""
        return {Permission.READ: self.reads, Permission.DEPLOY: self.deploys}.get(
            permission, self.administers
        ).is_whole(app)

    def approves_as(self, app: str, environment: str) -> frozenset[str]:
        """Those of their groups that may approve there, if they are asked."""
        return frozenset(
            group
            for group in self.groups
            if group not in self.approves or self.approves[group].covers(app, environment)
        )

    def require(self, permission: Permission, app: str | None = None, environment: str | None = None) -> None:
        """Raises Refused unless they may; the message says where to find out why."""
        if self.may(permission, app, environment):
            return
        if app is None:
            hint = "ask an administrator" if permission is Permission.ADMINISTER else "ask an administrator for a grant"
            raise Refused(f"{self.name} may not {permission}", hint=hint)
        raise _refused(self.name, permission, f"{app}/{environment}" if environment else app, app)

    def require_everywhere(self, permission: Permission, app: str) -> None:
        """Raises Refused unless they may in every environment of the app."""
        if not self.may_everywhere(permission, app):
            raise _refused(self.name, permission, f"{app} in every environment", app)


def _within(scope: Scope, app: str, environment: str | None) -> bool:
    return app in scope if environment is None else scope.covers(app, environment)


def _refused(name: str, permission: Permission, where: str, app: str) -> Refused:
    return Refused(
        f"{name} may not {permission} {where}", hint=f"sealane access explain {name} {app} tells who may, and why"
    )
