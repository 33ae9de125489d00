"""Membership: what a person may do by the present tables and operators' files."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sealane.access import rights
from sealane.access.model import ADMINISTRATORS, Actor
from sealane.access.rights import AppRights, Right, Rules
from sealane.environments.grants import Permission
from sealane.environments.window_status import Forecast
from sealane.errors import NotThere, SealaneError
from sealane.records.accounts import User
from sealane.records.scopes import AppPeople, AppPlace, Subject
from sealane.store.all_stores import Store

_log = logging.getLogger("sealane.access")


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """Answers what a person may do now."""

    store: Store
    files: Forecast | None = None
    """The operators' files; without them, no file grants anything."""

    async def of(self, actor: Actor) -> Actor:
        """The actor with all their rights. Environments' files that can't be read grant nothing."""
        if ADMINISTRATORS in actor.groups:
            return rights.scoped(actor, (), self._rules())
        return rights.scoped(actor, await self.store.scopes.people(), self._rules())

    async def may_deploy(self, user: str, app: str, environment: str) -> bool:
        """Whether a user, signed in or not, may deploy there now; a removed user may not."""
        try:
            known = await self.store.people.get(user)
        except NotThere:
            return False
        actor = await self.of(Actor(name=known.name, groups=known.groups, via="push"))
        return actor.may(Permission.DEPLOY, app, environment)

    async def place_of(self, subject: Subject, name: str, actor: Actor) -> AppPlace | None:
        """The place of a named thing; None where it is no app's. Raises NotThere, also if the actor may not read it."""
        return await self.store.scopes.place_of(subject, name, actor.reads)

    def may_register(self, actor: Actor, app: str) -> bool:
        """Whether the actor may administer an app of that name, whether it exists or not."""
        given = rights.of(actor.name, actor.groups, AppPeople(app=app, owner=""), self._rules())
        return any(right.permission is Permission.ADMINISTER for right in given)

    async def explain(self, app: str) -> tuple[tuple[User, tuple[Right, ...]], ...]:
        """Every user, by name, with all rights on the app. Raises NotThere."""
        people = next((app_people for app_people in await self.store.scopes.people() if app_people.app == app), None)
        if people is None:
            await self.store.apps.get(app)
            people = AppPeople(app=app, owner="")
        rules = self._rules()
        return tuple(
            (user, tuple(rights.of(user.name, user.groups, people, rules))) for user in await self.store.people.all()
        )

    async def own(self, actor: Actor) -> tuple[AppRights, ...]:
        """The actor's rights on each app that they may read, by its name."""
        rules = self._rules()
        by_app = (
            AppRights(
                app=app.app,
                owner=app.owner,
                environments=tuple(
                    environment
                    for environment in _about(app, rules)
                    if actor.may(Permission.READ, app.app, environment)
                ),
                rights=tuple(rights.of(actor.name, actor.groups, app, rules)),
            )
            for app in await self.store.scopes.people()
        )
        return tuple(
            sorted((app_rights for app_rights in by_app if app_rights.rights), key=lambda app_rights: app_rights.app)
        )

    async def environments_of(self, app: str) -> tuple[str, ...]:
        """The app's environments, by name: those that operators allow it, and those it is in."""
        there = [person for person in await self.store.scopes.people() if person.app == app]
        return _about(there[0] if there else AppPeople(app=app, owner=""), self._rules())

    def _rules(self) -> Rules:
        if self.files is None:
            return Rules()
        access = self.files.access()
        try:
            return Rules(access=access, asked=self.files.asked(), environments=frozenset(self.files.environments()))
        except SealaneError as error:
            _log.warning("the environments' files say nothing of who is asked: %s", error)
            return Rules(access=access)


def _about(app: AppPeople, rules: Rules) -> tuple[str, ...]:
    return tuple(sorted({*rules.asked.get(app.app, {}), *app.environments}))
