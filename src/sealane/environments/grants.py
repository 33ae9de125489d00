"""Grants: what groups may do, with which apps and in which environments. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sealane.configfiles import globs
from sealane.findings import Place

EVERY = ("*",)


class Permission(StrEnum):
    """A permission: what can be allowed."""

    READ = "read"
    """See an app, its runs, logs and deployments, secrets masked."""
    DEPLOY = "deploy"
    """Deploy, roll back, scale, cancel, lift holds, answer gates; push, and start and cancel runs."""
    APPROVE = "approve"
    """Vote on deployments that need one's group's approval, and break the glass where one's group is named."""
    ADMINISTER = "administer"
    """Register and remove apps, and set their owners."""


_IMPLIED: Mapping[Permission, frozenset[Permission]] = {
    Permission.READ: frozenset(),
    Permission.DEPLOY: frozenset({Permission.READ}),
    Permission.APPROVE: frozenset({Permission.READ}),
    Permission.ADMINISTER: frozenset({Permission.READ, Permission.DEPLOY}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What people may do, with apps and in environments given by globs."""

    groups: frozenset[str] = frozenset()
    """The groups whose members may; empty for owners, whom the app names."""
    may: frozenset[Permission]
    apps: tuple[str, ...] = EVERY
    environments: tuple[str, ...] = EVERY
    place: Place | None = None
    """Its place in the file; None for defaults."""

    def allows(self, permission: Permission) -> bool:
        """Whether it gives the permission, itself or as part of another."""
        return permission in self.may or any(permission in _IMPLIED[right] for right in self.may)

    def is_about(self, app: str) -> bool:
        """Whether it is about the app."""
        return globs.any_matches(self.apps, app)

    def within(self, environments: frozenset[str]) -> frozenset[str] | None:
        """Which of the environments it is about; None for all, including future ones."""
        if "*" in self.environments:
            return None
        return frozenset(
            environment for environment in environments if globs.any_matches(self.environments, environment)
        )


OWNERS = (Grant(may=frozenset({Permission.READ, Permission.DEPLOY})),)
"""The default rights of an app's owner."""
