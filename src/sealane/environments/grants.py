"""Grants: what operators let groups do, with which apps and in which environments. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sealane.configfiles import globs
from sealane.findings import Place

EVERY = ("*",)


class Permission(StrEnum):
    """A verb: what can be allowed."""

    READ = "read"
    """See an app, its runs, logs and deployments, secrets masked."""
    DEPLOY = "deploy"
    """Deploy, roll back, scale, cancel, lift holds, answer gates; push, and start and cancel runs."""
    APPROVE = "approve"
    """Say yes or no where the approvals of a deployment ask one's group, and break the glass where one's group is named."""
    ADMINISTER = "administer"
    """Register and remove apps, and say whose they are."""


_IMPLIED: Mapping[Permission, frozenset[Permission]] = {
    Permission.READ: frozenset(),
    Permission.DEPLOY: frozenset({Permission.READ}),
    Permission.APPROVE: frozenset({Permission.READ}),
    Permission.ADMINISTER: frozenset({Permission.READ, Permission.DEPLOY}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What people may, with apps and in environments that globs name."""

    groups: frozenset[str] = frozenset()
    """Whose people; empty for owners, who are named by the app."""
    may: frozenset[Permission]
    apps: tuple[str, ...] = EVERY
    environments: tuple[str, ...] = EVERY
    place: Place | None = None
    """Where it is written; None for what holds without a file."""

    def allows(self, permission: Permission) -> bool:
        """Whether it gives the permission, itself or as part of another."""
        return permission in self.may or any(permission in _IMPLIED[right] for right in self.may)

    def is_about(self, app: str) -> bool:
        """Whether it is about the app."""
        return globs.any_matches(self.apps, app)

    def within(self, environments: frozenset[str]) -> frozenset[str] | None:
        """Which of the environments it is about; None for all that there are and will be."""
        if "*" in self.environments:
            return None
        return frozenset(
            environment for environment in environments if globs.any_matches(self.environments, environment)
        )


OWNERS = (Grant(may=frozenset({Permission.READ, Permission.DEPLOY})),)
"""What an app's owner may with it where operators say nothing else."""
