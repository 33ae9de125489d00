"""Membership: which apps a person may read and which they may change.."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sealane.access.model import ADMINISTRATORS, Actor
from sealane.environments.app_access import NOBODY, AppAccess
from sealane.environments.window_status import Forecast
from sealane.errors import SealaneError
from sealane.records.scopes import EVERYTHING, AppPeople, Scope, Subject
from sealane.store.all_stores import Store

_log = logging.getLogger("sealane.access")


def scoped(
    actor: Actor, apps: Iterable[AppPeople], access: AppAccess = NOBODY, deciders: Mapping[str, frozenset[str]] = {}
) -> Actor:
    """The actor with the apps they may read and those whose people they are.

    Administrators are everybody's people. An app's people are its owner, by name or group, and the members that
    `access.yaml` names. Its people read it, and so do readers, and whoever is asked about it: groups that a rule of a
    deployment that waits or is there now names, and those that operators name for its approvals and its glass.
    """
    if ADMINISTRATORS in actor.groups:
        return replace(actor, reads=EVERYTHING, writes=EVERYTHING)
    reads, writes = set(), set()
    for app in apps:
        groups = access.of(app.app)
        if app.owner == actor.name or actor.groups & (groups.members | {app.owner}):
            writes.add(app.app)
        elif actor.groups & (groups.readers | app.asked | deciders.get(app.app, frozenset())):
            reads.add(app.app)
    return replace(actor, reads=Scope(apps=frozenset(reads | writes)), writes=Scope(apps=frozenset(writes)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """Says it of a person now, as tables and files stand."""

    store: Store
    files: Forecast | None = None
    """The operators' files; without them nobody is named in any."""

    async def of(self, actor: Actor) -> Actor:
        """The actor with the apps they may read and change. Files that can't be read give nobody anything."""
        if ADMINISTRATORS in actor.groups:
            return scoped(actor, ())
        access: AppAccess = NOBODY
        deciders: Mapping[str, frozenset[str]] = {}
        try:
            if self.files is not None:
                access, deciders = self.files.access(), self.files.deciders()
        except SealaneError as error:
            _log.warning("the operators' files say nothing of who may what: %s", error)
        return scoped(actor, await self.store.scopes.people(), access, deciders)

    async def app_of(self, subject: Subject, name: str, actor: Actor) -> str | None:
        """The app of what is named, or None for what is no app's. Raises NotThere, also where the actor may not read it."""
        return await self.store.scopes.app_of(subject, name, actor.reads)
