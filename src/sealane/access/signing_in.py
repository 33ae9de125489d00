"""Signing in: tokens of users and pushes, sessions of browsers, and managing who has them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer

from sealane import clock, inputs
from sealane.access import tokens
from sealane.access.model import ADMINISTRATORS, Actor, Permission
from sealane.errors import NotSignedIn, NotThere
from sealane.events.model import Pusher, Signed
from sealane.store.account_model import StoredSession, Token, User
from sealane.store.model import App
from sealane.store.storing import Store

_CACHED = timedelta(seconds=30)
_USED_EVERY = timedelta(minutes=5)
_MOST_CACHED = 1000
_NOT_KNOWN = "the token is not known here, or was revoked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A browser's session: `cookie` is its signed value, `csrf` what forms must carry."""

    cookie: str = field(repr=False)
    csrf: str = field(repr=False)
    expires: datetime


class Access:
    """Who is who."""

    def __init__(self, store: Store, *, key: bytes, session: timedelta, now: clock.Clock = clock.now) -> None:
        """`key` signs cookies, `session` is how long they are good for."""
        self._store = store
        self._signer = Signer(key, salt="sealane session")
        self._session = session
        self._now = now
        self._checked: dict[bytes, datetime] = {}
        self._used: dict[str, datetime] = {}

    async def make_administrator(self) -> str | None:
        """Makes the administrator where there has never been a user; the token's text is given this once."""
        minted = await asyncio.to_thread(tokens.mint)
        user = User(name="admin", groups=frozenset({ADMINISTRATORS}), created=self._now())
        made = await self._store.people.add_first(user, self._token(minted, "first start", user="admin"))
        return minted.text if made else None

    async def restore_administrator(self, name: str, *, by: str) -> str:
        """Makes a user an administrator, or a new one, for whoever has the machine; gives a token's text, this once.

        `by` is told in the audit. Raises Conflicting for the name of a removed user, UsageError for a bad one.
        """
        inputs.check_name(name, "a user")
        minted = await asyncio.to_thread(tokens.mint)
        user = User(name=name, groups=frozenset({ADMINISTRATORS}), created=self._now())
        token = self._token(minted, "made at the machine", user=name)
        await self._store.people.make_administrator(user, token, group=ADMINISTRATORS, by=by)
        return minted.text

    async def authenticate(self, bearer: str) -> Actor:
        """The user whose token it is. Raises NotSignedIn."""
        token = await self._checked_token(bearer)
        if token.user is None:
            raise NotSignedIn("this is an app's push token, which only pushes", mend="use a user's token")
        return await self._actor(token.user, token.id)

    async def check_push(self, app: str, password: str, *, writes: bool) -> tuple[App, Pusher]:
        """The app, and who fetches from it or pushes to it: by a user's own token, or by the app's push token.

        Raises NotSignedIn, also for unknown apps, Refused for a user who may not push.
        """
        token = await self._checked_token(password)
        if token.user is None and token.app != app:
            raise NotSignedIn(f"this is no push token of {app}")
        if token.user is None:
            return await self._store.apps.get(app), Pusher(signed=Signed.APP)
        actor = await self._actor(token.user, token.id)
        if writes:
            actor.require(Permission.DEPLOY)
        return await self._store.apps.get(app), Pusher(signed=Signed.OWN, name=actor.name)

    async def start_session(self, actor: Actor) -> Session:
        """A browser's session for the actor."""
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self._now()
        kept = StoredSession(id=_hidden(secret), user=actor.name, csrf=csrf, expires=now + self._session)
        await self._store.people.add_session(kept, at=now)
        return Session(cookie=self._signer.sign(secret).decode(), csrf=csrf, expires=kept.expires)

    async def session(self, cookie: str) -> tuple[Actor, StoredSession]:
        """Who the cookie is for. Raises NotSignedIn when it is over, forged or ended."""
        kept = await self._store.people.session(self._session_id(cookie))
        if kept is None or kept.expires <= self._now():
            raise NotSignedIn("the session is over", mend="sign in again")
        return await self._actor(kept.user, None), kept

    async def end_session(self, cookie: str) -> None:
        """Signs out. Raises NotSignedIn for a forged cookie."""
        await self._store.people.end_session(self._session_id(cookie))

    async def add_user(self, name: str, groups: frozenset[str], *, by: Actor) -> str:
        """Adds a user and gives the token's text, this once. Raises Conflicting, UsageError."""
        inputs.check_name(name, "a user")
        for group in groups:
            inputs.check_name(group, "a group")
        minted = await asyncio.to_thread(tokens.mint)
        user = User(name=name, groups=frozenset(groups), created=self._now())
        await self._store.people.add(user, self._token(minted, "first", user=name), by=by.name)
        return minted.text

    async def new_token(self, user: str, name: str, *, by: Actor) -> str:
        """One more token for the user; its text is given this once. Raises NotThere."""
        minted = await asyncio.to_thread(tokens.mint)
        await self._store.people.add_token(self._token(minted, name, user=user), by=by.name)
        return minted.text

    async def first_push_token(self, app: str) -> tuple[Token, str]:
        """A push token for an app that is about to be added with it, and its text."""
        minted = await asyncio.to_thread(tokens.mint)
        return self._token(minted, "push", app=app), minted.text

    async def new_push_token(self, app: str, *, by: Actor) -> str:
        """A fresh push token for the app, in place of all former ones; its text is given this once."""
        minted = await asyncio.to_thread(tokens.mint)
        await self._store.people.add_token(self._token(minted, "push", app=app), by=by.name, replace=True)
        self._checked.clear()
        return minted.text

    async def revoke_token(self, token_id: str, *, by: Actor) -> None:
        """Makes a token useless at once. Raises NotThere."""
        await self._store.people.revoke(token_id, by=by.name, at=self._now())

    async def tokens_of(self, user: str) -> tuple[Token, ...]:
        """The user's tokens that work."""
        return await self._store.people.tokens_of(user)

    async def set_groups(self, user: str, groups: frozenset[str], *, by: Actor) -> User:
        """Puts the user into exactly these groups. Raises NotThere, UsageError."""
        for group in groups:
            inputs.check_name(group, "a group")
        return await self._store.people.set_groups(user, groups, by=by.name, at=self._now())

    async def remove_user(self, name: str, *, by: Actor) -> None:
        """Removes the user with all tokens and sessions. Raises NotThere."""
        await self._store.people.remove(name, by=by.name, at=self._now())

    async def users(self) -> tuple[User, ...]:
        """Every user, by name."""
        return await self._store.people.all()

    async def _checked_token(self, text: str) -> Token:
        """The row is read each time, so that revoking works at once; only the slow hash is remembered for a while."""
        parsed = tokens.parse(text)
        token = await self._store.people.token(parsed[0]) if parsed else None
        if parsed is None or token is None:
            raise NotSignedIn(_NOT_KNOWN, mend="sign in: sealane login")
        now = self._now()
        digest = hashlib.sha256(f"{token.hash}\0{text}".encode()).digest()
        if self._checked.get(digest, now) <= now:
            if not await asyncio.to_thread(tokens.matches, token.hash, parsed[1]):
                raise NotSignedIn(_NOT_KNOWN, mend="sign in: sealane login")
            if len(self._checked) >= _MOST_CACHED:
                self._checked.clear()
            self._checked[digest] = now + _CACHED
        if now - self._used.get(token.id, datetime.min.replace(tzinfo=now.tzinfo)) > _USED_EVERY:
            self._used[token.id] = now
            await self._store.people.used(token, now)
        return token

    async def _actor(self, user: str, token_id: str | None) -> Actor:
        try:
            found = await self._store.people.get(user)
        except NotThere as error:
            raise NotSignedIn(f"there is no user {user} any more") from error
        return Actor(name=user, groups=found.groups, via="token" if token_id else "session", token_id=token_id)

    def _session_id(self, cookie: str) -> str:
        try:
            return _hidden(self._signer.unsign(cookie).decode())
        except (BadSignature, UnicodeDecodeError) as error:
            raise NotSignedIn("the session's cookie is not one of this server", mend="sign in again") from error

    def _token(self, minted: tokens.Minted, name: str, *, user: str | None = None, app: str | None = None) -> Token:
        return Token(
            id=minted.id,
            kind="user" if user else "push",
            user=user,
            app=app,
            name=name,
            hash=minted.hash,
            created=self._now(),
            used=None,
        )


def _hidden(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
