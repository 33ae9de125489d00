"""Registration of apps: a name, a repository, and the secrets with which the repository proves itself."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sealane import clock, inputs
from sealane.access import tokens
from sealane.access.model import Actor
from sealane.accounts.sign_in import Access
from sealane.clients import git_urls
from sealane.clients.git_http_backend import Repositories
from sealane.errors import NotThere
from sealane.records.apps import App
from sealane.secrets import keys
from sealane.store.all_stores import Store

HOOK_GRACE = timedelta(hours=24)
"""How long the former hook secret stays valid: a working day, for entering the new one at the git host."""


_log = logging.getLogger("sealane.access")
_GENERATIONS = 2**30


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A fresh app with its secrets, which are shown this once (the hook secret also later, to administrators)."""

    app: App
    push_token: str = field(repr=False)
    hook_secret: str = field(repr=False)


class Apps:
    """The apps of this server."""

    def __init__(
        self,
        store: Store,
        access: Access,
        repositories: Repositories,
        *,
        key: bytes,
        identities: Path,
        now: clock.Clock = clock.now,
    ) -> None:
        """`key` derives hook secrets, `identities` is the folder of the apps' age identities."""
        self._store = store
        self._access = access
        self._repositories = repositories
        self._key = key
        self._identities = identities
        self._now = now

    async def register(
        self, name: str, *, owner: str, by: Actor, repository: str | None = None, path: str = "", trunk: str = "main"
    ) -> Registered:
        """Registers an app; without a repository Sealane serves a bare one itself.

        The row is written last: repository, key and token exist before anybody can see the app. A new app inherits
        nothing from a removed one of its name: no repository, no key, and its hook secrets have a number of their own.
        Raises Conflicting when the name or the repository and path are taken, UsageError for bad ones.
        """
        inputs.check_app_name(name)
        trunk, path = inputs.check_branch(trunk), inputs.check_folder(path)
        owner = inputs.check_line(owner, "the owner")
        if repository is not None:
            _check_repository(repository)
        hosted = repository is None
        where = repository or self._repositories.path(name).name
        app = App(
            name=name,
            repository=where,
            path=path,
            owner=owner,
            trunk=trunk,
            hosted=hosted,
            hook_generation=1 + secrets.randbelow(_GENERATIONS),
            created=self._now(),
        )
        await self._store.apps.check_free(app)
        await asyncio.to_thread(keys.own_identity, self._identities, name)
        if hosted:
            await self._repositories.put_aside(name, _aside(app.created))
            await self._repositories.create(name, trunk=trunk)
        token, text = await self._access.first_push_token(name)
        await self._store.apps.add(app, token, by=by.name)
        return Registered(app=app, push_token=text, hook_secret=self._hook(app))

    async def rotate_push_token(self, name: str, *, by: Actor, expires: str | None = None) -> str:
        """A fresh push token in place of the former ones. Raises NotThere, UsageError."""
        await self._store.apps.get(name)
        return await self._access.new_push_token(name, by=by, expires=expires)

    async def rotate_hook_secret(self, name: str, *, by: Actor, grace: timedelta = HOOK_GRACE) -> tuple[str, datetime]:
        """A fresh hook secret, and until when the former one counts, too. Raises NotThere.

        Senders must learn the new one first.
        """
        at = self._now()
        until = at + grace
        app = await self._store.apps.rotate_hook(name, by=by.name, at=at, old_until=until if grace else None)
        return self._hook(app), until

    async def hook_secret(self, name: str) -> str:
        """The secret that signs the app's hooks: derived from the server's key, never stored. Raises NotThere."""
        return self._hook(await self._store.apps.get(name))

    async def hook_secrets(self, name: str) -> tuple[str, ...]:
        """The secrets whose signatures are valid. For an unknown app: as many secrets that nobody knows.

        So a wrong signature gets the same answer after the same work, whether the app exists or not.
        """
        try:
            app = await self._store.apps.get(name)
        except NotThere:
            return self._decoy(name), self._decoy(name)
        counts = app.hook_old_until is not None and app.hook_old_until > self._now()
        old = replace(app, hook_generation=app.hook_generation - 1)
        return self._hook(app), self._hook(old) if counts else self._decoy(name)

    async def recipient(self, name: str) -> str:
        """The age recipient that the app's secrets are encrypted to; its key is made the first time. Raises NotThere."""
        app = await self._store.apps.get(name)
        return (await asyncio.to_thread(keys.own_identity, self._identities, app.name)).recipient

    async def get(self, name: str) -> App:
        """The app. Raises NotThere."""
        return await self._store.apps.get(name)

    async def all(self) -> tuple[App, ...]:
        """Every app, by name."""
        return await self._store.apps.all()

    async def set_owner(self, name: str, owner: str, *, by: Actor) -> None:
        """Gives the app to another group or person. Raises NotThere, UsageError."""
        owner = inputs.check_line(owner, "the owner")
        await self._store.apps.set_owner(name, owner, by=by.name, at=self._now())

    async def set_repository(self, name: str, repository: str, *, by: Actor) -> App:
        """Has the app cloned from another URL, because it was renamed or moved at its host; its record stays.

        Raises NotThere, Conflicting, UsageError.
        """
        _check_repository(repository)
        await self._store.apps.set_repository(name, repository, by=by.name, at=self._now())
        return await self._store.apps.get(name)

    async def remove(self, name: str, *, by: Actor) -> None:
        """Removes the app and its record. What runs at destinations stays; its repository and key are moved away.

        Raises NotThere, Conflicting while anything of it goes on.
        """
        at = self._now()
        await self._store.apps.remove(name, by=by.name, at=at)
        await asyncio.to_thread(keys.put_aside, self._identities, name, _aside(at))
        if put_aside := await self._repositories.put_aside(name, _aside(at)):
            _log.info("the repository of %s is kept at %s", name, put_aside)

    def _decoy(self, name: str) -> str:
        return tokens.derive(self._key, "no hook", name)

    def _hook(self, app: App) -> str:
        return tokens.derive(self._key, "hook", app.name, str(app.hook_generation))


def _aside(at: datetime) -> str:
    return f"removed-{at:%Y%m%d%H%M%S%f}"


def _check_repository(repository: str) -> None:
    inputs.check_line(repository, "the repository's URL", most=inputs.LONGEST_URL)
    git_urls.check_registered(repository)
