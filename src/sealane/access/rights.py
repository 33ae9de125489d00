"""Rights: what a person may do with an app, and what gives each right. Pure.

Administrators may do everything but approve. An owner, a person or a group, may do what `owners` says: read, and deploy
for developers. Groups may do what grants say. A group whose approval is asked for may read the app and approve there,
unless a grant says where it approves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sealane.access.model import ADMINISTRATORS, DEVELOPERS, Actor
from sealane.environments.app_access import DEFAULTS, AppAccess
from sealane.environments.grants import Grant, Permission
from sealane.records.scopes import EVERYTHING, AppPeople, AskedGroups, Scope

_NOT_APPROVING = tuple(permission for permission in Permission if permission is not Permission.APPROVE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """One thing that a person may do with one app."""

    permission: Permission
    environments: frozenset[str] | None = None
    """Where; None: in every environment."""
    because: str
    """What gives the right, in words: a group, and where the grant is written."""
    group: str = ""
    """For approving, the group that approves."""

    def covers(self, environment: str) -> bool:
        """Whether the right is valid in the environment."""
        return self.environments is None or environment in self.environments


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The operators' files' rules on who may do what."""

    access: AppAccess = DEFAULTS
    asked: Mapping[str, AskedGroups] = field(default_factory=dict)
    """By app and environment: the groups whose approval operators require, or who may break the glass there."""
    environments: frozenset[str] = frozenset()
    """All environments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppRights:
    """All that a person may do with one app."""

    app: str
    owner: str
    environments: tuple[str, ...]
    """The app's environments in which they may read it, by name."""
    rights: tuple[Right, ...]


def of(name: str, groups: frozenset[str], app: AppPeople, rules: Rules) -> Iterator[Right]:
    """Everything that the person may do with the app."""
    if ADMINISTRATORS in groups:
        yield from (Right(permission=permission, because=f"in {ADMINISTRATORS}") for permission in _NOT_APPROVING)
    yield from _owner(name, groups, app, rules)
    known = rules.environments | app.environments
    for grant in rules.access.grants:
        if (mine := grant.groups & groups) and grant.is_about(app.app):
            for group in sorted(mine):
                yield from _granted(grant, known, f"in {group}, by {grant.place}", group)
    yield from _asked(groups, app, rules)


def _owner(name: str, groups: frozenset[str], app: AppPeople, rules: Rules) -> Iterator[Right]:
    if app.owner != name and app.owner not in groups:
        return
    owner = "its owner" if app.owner == name else f"in {app.owner}, its owner"
    for grant in rules.access.owners:
        place = f", by {grant.place}" if grant.place else ""
        for right in _granted(grant, rules.environments | app.environments, owner + place):
            if right.permission is not Permission.DEPLOY or Permission.ADMINISTER in grant.may:
                yield right
            elif DEVELOPERS in groups:
                yield replace(right, because=f"{owner}, and in {DEVELOPERS}{place}")


def _granted(grant: Grant, known: frozenset[str], because: str, group: str = "") -> Iterator[Right]:
    for permission in Permission:
        if grant.allows(permission):
            where = grant.within(known)
            yield Right(permission=permission, environments=where, because=because, group=group)


def _asked(groups: frozenset[str], app: AppPeople, rules: Rules) -> Iterator[Right]:
    """A group that is asked may read the whole app: what is deployed there came through its other environments."""
    named = rules.asked.get(app.app, {})
    limited = _granted_approvals(groups, rules.access)
    for environment in sorted({*app.asked, *named}):
        asked = app.asked.get(environment, frozenset()) | named.get(environment, frozenset())
        for group in sorted(asked & (groups - limited)):
            because = f"in {group}, which {environment} asks"
            yield Right(permission=Permission.READ, because=because)
            yield Right(
                permission=Permission.APPROVE, environments=frozenset({environment}), because=because, group=group
            )


def scoped(actor: Actor, apps: Iterable[AppPeople], rules: Rules) -> Actor:
    """The actor with all their rights."""
    rights = {app.app: tuple(of(actor.name, actor.groups, app, rules)) for app in apps}
    limited = _granted_approvals(actor.groups, rules.access)
    named = (Permission.READ, Permission.DEPLOY, Permission.ADMINISTER)
    reads, deploys, administers = (
        EVERYTHING if ADMINISTRATORS in actor.groups else _scope(rights, permission) for permission in named
    )
    approves = {group: _scope(rights, Permission.APPROVE, group) for group in limited}
    return replace(actor, reads=reads, deploys=deploys, administers=administers, approves=approves)


def approving(groups: frozenset[str], app: str, environment: str, access: AppAccess) -> frozenset[str]:
    """Those of the groups whose people may approve there where a rule asks: no grant lets them approve elsewhere only."""
    here = frozenset({environment})
    granted = (grant for grant in access.grants if grant.is_about(app) and grant.within(here) != frozenset())
    return groups - _granted_approvals(groups, access) | _allowed_to_approve(groups, granted)


def _granted_approvals(groups: frozenset[str], access: AppAccess) -> frozenset[str]:
    """Groups with a grant to approve somewhere, which then may approve nowhere else."""
    return _allowed_to_approve(groups, access.grants)


def _allowed_to_approve(groups: frozenset[str], grants: Iterable[Grant]) -> frozenset[str]:
    return groups & frozenset().union(*(grant.groups for grant in grants if Permission.APPROVE in grant.may))


def _scope(rights: Mapping[str, Iterable[Right]], permission: Permission, group: str | None = None) -> Scope:
    whole: set[str] = set()
    places: set[tuple[str, str]] = set()
    for app, given in rights.items():
        for right in given:
            if right.permission is not permission or (group is not None and right.group != group):
                continue
            if right.environments is None:
                whole.add(app)
            else:
                places.update((app, environment) for environment in right.environments)
    return Scope(apps=frozenset(whole), places=frozenset(place for place in places if place[0] not in whole))
