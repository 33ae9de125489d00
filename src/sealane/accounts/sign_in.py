"""Sign-in: tokens of users and pushes, sessions of browsers, and who has them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer

from sealane import clock, inputs
from sealane.access import tokens
from sealane.access.model import ADMINISTRATORS, Actor
from sealane.accounts.membership import Membership
from sealane.accounts.sign_in_attempts import AttemptLimits
from sealane.accounts.token_check import TokenCheck
from sealane.accounts.token_issue import TokenIssue
from sealane.environments.grants import Permission
from sealane.errors import NotSignedIn, NotThere, Refused
from sealane.events.model import Pusher, Signed
from sealane.records.accounts import RELAY, Reach, StoredSession, Token, User
from sealane.records.apps import App
from sealane.records.scopes import Subject
from sealane.store.all_stores import Store

Scoping = Callable[[Actor], Awaitable[Actor]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A browser's session: `cookie` is its signed value, `csrf` what forms must carry."""

    cookie: str = field(repr=False)
    csrf: str = field(repr=False)
    expires: datetime


class Access:
    """Signs people and tokens in, and manages them."""

    def __init__(  # noqa: PLR0913 - all that a server may set
        self,
        store: Store,
        *,
        key: bytes,
        session: timedelta,
        life: timedelta | None = None,
        limits: AttemptLimits | None = None,
        scoped: Scoping | None = None,
        now: clock.Clock = clock.now,
    ) -> None:
        """`key` signs cookies, `session` is how long they are valid, `life` how long users' tokens are; None: for ever.

        `scoped` gives an actor's rights on apps; without it only owners and administrators have any.
        """
        self._store = store
        self._signer = Signer(key, salt="sealane session")
        self._session = session
        self._life = life
        self._scoped = scoped or Membership(store=store).of
        self._check = TokenCheck(store, limits=limits, now=now)
        self._tokens = TokenIssue(life=life, now=now)
        self._now = now

    async def make_administrator(self) -> str | None:
        """Makes the administrator where there has never been a user; the token's text is given this once."""
        minted = await asyncio.to_thread(tokens.mint)
        user = User(name="admin", groups=frozenset({ADMINISTRATORS}), created=self._now())
        made = await self._store.people.add_first(
            user, self._tokens.record(minted, "first start", life=self._life, user="admin")
        )
        return minted.text if made else None

    async def restore_administrator(self, name: str, *, by: str) -> str:
        """Makes a user an administrator, for a person with access to the machine; gives a token's text, this once.

        `by` is told in the audit. Raises Conflicting for the name of a removed user, UsageError for a bad one.
        """
        inputs.check_name(name, "a user")
        minted = await asyncio.to_thread(tokens.mint)
        user = User(name=name, groups=frozenset({ADMINISTRATORS}), created=self._now())
        token = self._tokens.record(minted, "made at the machine", life=self._life, user=name)
        await self._store.people.make_administrator(user, token, group=ADMINISTRATORS, by=by)
        return minted.text

    async def authenticate(self, bearer: str, *, address: str = "") -> Actor:
        """The user of the token; failures count against `address`. Raises NotSignedIn, TooManyAttempts."""
        token = await self._check.check(bearer, address)
        if token.kind == RELAY:
            raise NotSignedIn("this is a relay's token, which only dials in", hint="use a user's token")
        if token.user is None:
            raise NotSignedIn("this is an app's push token, which only pushes", hint="use a user's token")
        return await self._actor(token.user, token.id)

    async def authenticate_relay(self, bearer: str, *, address: str = "") -> Token:
        """The relay's token, whose name is the relay's. Raises NotSignedIn, TooManyAttempts."""
        token = await self._check.check(bearer, address)
        if token.kind != RELAY:
            raise NotSignedIn("this is no relay's token", hint="make one: sealane relay add NAME")
        return token

    async def check_push(self, app: str, password: str, *, writes: bool, address: str = "") -> tuple[App, Pusher]:
        """The app, and who fetches or pushes: a user by their own token, or the app's push token.

        Raises NotSignedIn and TooManyAttempts; for users NotThere, the same for an unknown app and one they may not
        read, and Refused where they may not push.
        """
        token = await self._check.check(password, address)
        if token.user is None and token.app != app:
            raise NotSignedIn(f"this is no push token of {app}")
        if token.user is None:
            return await self._store.apps.get(app), Pusher(signed=Signed.APP)
        actor = await self._scoped(await self._actor(token.user, token.id))
        await self._store.scopes.place_of(Subject.APP, app, actor.reads)
        if writes:
            actor.require(Permission.DEPLOY, app)
        return await self._store.apps.get(app), Pusher(signed=Signed.OWN, name=actor.name)

    async def start_session(self, actor: Actor) -> Session:
        """A browser's session for the actor."""
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self._now()
        token = await self._store.people.token(actor.token_id) if actor.token_id else None
        ends = min(now + self._session, token.expires) if token and token.expires else now + self._session
        stored = StoredSession(id=_hidden(secret), user=actor.name, csrf=csrf, expires=ends, token_id=actor.token_id)
        await self._store.people.add_session(stored, at=now)
        return Session(cookie=self._signer.sign(secret).decode(), csrf=csrf, expires=stored.expires)

    async def session(self, cookie: str) -> tuple[Actor, StoredSession]:
        """The actor of the cookie. Raises NotSignedIn when it is expired, forged or ended."""
        stored = await self._store.people.session(self._session_id(cookie))
        if stored is None or stored.expires <= self._now():
            raise NotSignedIn("the session is over", hint="sign in again")
        return replace(await self._actor(stored.user, stored.token_id), via="session"), stored

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
        token = self._tokens.record(minted, "first", life=self._life, user=name, made_with=by.token_id)
        await self._store.people.add(user, token, by=by.name)
        return minted.text

    async def new_token(self, user: str, name: str, *, by: Actor, expires: str | None = None) -> tuple[Token, str]:
        """One more token for the user, made by an administrator or by themselves; its text is given this once.

        `expires` is a span such as `90d`, or `never`; None: the server's default. A token that people make for
        themselves with a shorter-lived token ends with that one at the latest. Raises NotThere, Refused, UsageError.
        """
        if by.name != user:
            by.require(Permission.ADMINISTER)
        name = inputs.check_line(name, "the token's name")
        token, text = await self._tokens.issue(name, user=user, expires=expires, made_with=by.token_id)
        latest = await self._latest(by) if by.name == user else None
        if latest is not None and (token.expires is None or token.expires > latest):
            if expires is not None:
                hint = "ask an administrator for one that lasts longer, or leave the time out"
                raise Refused(
                    f"your token ends on {latest:%Y-%m-%d at %H:%M} UTC, and tokens made with it end no later",
                    hint=hint,
                )
            token = replace(token, expires=latest)
        await self._store.people.add_token(token, by=by.name)
        return token, text

    async def _latest(self, by: Actor) -> datetime | None:
        """The latest end of a token that they make for themselves: that of their own shorter-lived token."""
        token = await self._store.people.token(by.token_id) if by.token_id else None
        if token is None or token.expires is None:
            return None
        usual = self._life is not None and token.expires - token.created >= self._life
        return None if usual else token.expires

    async def first_push_token(self, app: str) -> tuple[Token, str]:
        """A push token for an app that is about to be added with it, and its text."""
        return await self._tokens.issue("push", app=app)

    async def new_push_token(self, app: str, *, by: Actor, expires: str | None = None) -> str:
        """A fresh push token for the app, in place of all former ones; its text is given this once. Raises UsageError."""
        token, text = await self._tokens.issue("push", app=app, expires=expires, made_with=by.token_id)
        await self._store.people.add_token(token, by=by.name, replace=True)
        self._check.forget()
        return text

    async def add_relay(self, relay: str, *, by: Actor) -> str:
        """A token for a relay, in place of its former one; its text is given this once. Raises UsageError."""
        inputs.check_name(relay, "a relay")
        token, text = await self._tokens.issue(relay, relay=True, made_with=by.token_id)
        await self._store.people.add_token(token, by=by.name, replace=True)
        self._check.forget()
        return text

    async def relays(self) -> tuple[Token, ...]:
        """The token of each relay."""
        return tuple(token for token in await self._store.people.tokens() if token.kind == RELAY)

    async def remove_relay(self, relay: str, *, by: Actor) -> None:
        """Makes the relay's token void. Raises NotThere."""
        token = next((token for token in await self.relays() if token.name == relay), None)
        if token is None:
            raise NotThere(f"there is no relay {relay}")
        await self.revoke_token(token.id, by=by, reach=Reach.NOTHING)

    async def revoke_token(self, token_id: str, *, by: Actor, reach: Reach = Reach.OWN) -> tuple[str, ...]:
        """Revokes a token at once, and tokens made with it as far as `reach` says; gives the ids of all revoked ones.

        Actors may revoke their own and those they manage. Raises NotThere, also for somebody else's, Conflicting as
        `People.revoke` does, and Refused where others' tokens would end and the actor is no administrator.
        """
        token = await self._store.people.token(token_id)
        if token is None or not _may_manage(token, by):
            raise NotThere(f"there is no token {token_id}")
        if reach is Reach.EVERYTHING:
            by.require(Permission.ADMINISTER)
        return await self._store.people.revoke(token_id, by=by.name, at=self._now(), reach=reach, using=by.token_id)

    async def tokens_of(self, user: str, *, by: Actor) -> tuple[Token, ...]:
        """The user's unrevoked tokens, for themselves and administrators. Raises Refused."""
        if by.name != user:
            by.require(Permission.ADMINISTER)
        return await self._store.people.tokens(user=user)

    async def tokens_of_app(self, app: str) -> tuple[Token, ...]:
        """The app's unrevoked push tokens; the caller has checked the right to see them."""
        return await self._store.people.tokens(app=app)

    async def tokens_managed_by(self, actor: Actor) -> tuple[Token, ...]:
        """Every token that the actor may revoke."""
        return tuple(token for token in await self._store.people.tokens() if _may_manage(token, actor))

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

    async def _actor(self, user: str, token_id: str | None) -> Actor:
        try:
            person = await self._store.people.get(user)
        except NotThere as error:
            raise NotSignedIn(f"there is no user {user} any more") from error
        return Actor(name=user, groups=person.groups, via="token" if token_id else "session", token_id=token_id)

    def _session_id(self, cookie: str) -> str:
        try:
            return _hidden(self._signer.unsign(cookie).decode())
        except (BadSignature, UnicodeDecodeError) as error:
            raise NotSignedIn("the session's cookie is not one of this server", hint="sign in again") from error


def _may_manage(token: Token, actor: Actor) -> bool:
    """Whether the actor may see and revoke it: their own, one of their apps', or anybody's for administrators."""
    if actor.may(Permission.ADMINISTER):
        return True
    if token.user is not None:
        return token.user == actor.name
    return token.app is not None and actor.may_everywhere(Permission.DEPLOY, token.app)


def _hidden(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
