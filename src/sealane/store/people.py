"""Users, tokens and sessions. Tokens are kept as argon2 hashes, sessions as the hash of their cookie."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from sealane import log_lines
from sealane.errors import Conflicting
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.accounts import ADMINISTRATORS, RELAY, Reach, StoredSession, Token, User
from sealane.store import event_writes, rows
from sealane.store.account_tables import sessions, tokens, users
from sealane.store.database import Database, after_commit

_NAMED = sa.select(users).where(users.c.name == sa.bindparam("user"), users.c.removed.is_(None))
_TOKEN = sa.select(tokens).where(tokens.c.id == sa.bindparam("token"), tokens.c.revoked.is_(None))
_SESSION = sa.select(sessions.c.id, sessions.c.user, sessions.c.csrf, sessions.c.expires, sessions.c.token_id).where(
    sessions.c.id == sa.bindparam("session")
)


class People:
    """The tables of users, tokens and sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_first(self, user: User, token: Token) -> bool:
        """Adds the very first user; False if there ever was one."""

        def work(connection: sa.Connection) -> bool:
            if connection.execute(sa.select(users.c.name).limit(1)).first():
                return False
            _insert_user(connection, user, by=user.name)
            add_token(connection, token, by=user.name)
            return True

        return await self._database.write(work)

    async def add(self, user: User, token: Token, *, by: str) -> None:
        """Adds a user with a first token. Raises Conflicting when the name is or was taken."""

        def work(connection: sa.Connection) -> None:
            if connection.execute(sa.select(users.c.name).where(users.c.name == user.name)).first():
                raise Conflicting(f"there is, or was, a user {user.name}", hint="choose another name")
            _insert_user(connection, user, by=by)
            add_token(connection, token, by=by)

        await self._database.write(work)

    async def make_administrator(self, user: User, token: Token, *, group: str, by: str) -> None:
        """Makes a user an administrator with one more token, even if there are others; for people at the machine.

        Adds the user if the name was never used. Raises Conflicting for a removed one.
        """

        def work(connection: sa.Connection) -> None:
            there = rows.one(connection, sa.select(users).where(users.c.name == user.name))
            if there is None:
                _insert_user(connection, user, by=by)
            elif there["removed"] is not None:
                raise Conflicting(f"there was a user {user.name}, who was removed", hint="choose another name")
            else:
                groups = sorted({*there["groups"], group})
                connection.execute(sa.update(users).where(users.c.name == user.name).values(groups=groups))
            add_token(connection, token, by=by)
            made = DomainEvent(kind=Kind.ADMINISTRATOR_MADE, at=token.created, actor=by, subject=user.name)
            event_writes.append(connection, made)

        await self._database.write(work)

    async def get(self, name: str) -> User:
        """The user. Raises NotThere, for removed ones too."""
        return await self._database.read(lambda c: _get(c, name))

    async def all(self) -> tuple[User, ...]:
        """Every user, by name."""
        query = sa.select(users).where(users.c.removed.is_(None)).order_by(users.c.name)
        return tuple(_user(row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def set_groups(self, name: str, groups: frozenset[str], *, by: str, at: datetime) -> User:
        """Puts the user into exactly these groups. Raises NotThere, Conflicting for the last administrator."""

        def work(connection: sa.Connection) -> User:
            _get(connection, name)
            with _an_administrator_stays(connection, name, at):
                connection.execute(sa.update(users).where(users.c.name == name).values(groups=sorted(groups)))
            data = {"groups": sorted(groups)}
            event_writes.append(
                connection, DomainEvent(kind=Kind.USER_GROUPS_SET, at=at, actor=by, subject=name, data=data)
            )
            return _get(connection, name)

        return await self._database.write(work)

    async def remove(self, name: str, *, by: str, at: datetime) -> None:
        """Removes the user with all tokens and sessions; the name stays reserved, for the audit.

        Raises NotThere, Conflicting for the last administrator.
        """

        def work(connection: sa.Connection) -> None:
            _get(connection, name)
            with _an_administrator_stays(connection, name, at):
                connection.execute(sa.update(users).where(users.c.name == name).values(removed=at, groups=[]))
                connection.execute(sa.update(tokens).where(tokens.c.user == name).values(revoked=at))
            connection.execute(sa.delete(sessions).where(sessions.c.user == name))
            event_writes.append(connection, DomainEvent(kind=Kind.USER_REMOVED, at=at, actor=by, subject=name))

        await self._database.write(work)

    async def add_token(self, token: Token, *, by: str, replace: bool = False) -> None:
        """Adds a token; `replace` revokes all others of the same user, app or relay. Raises NotThere."""

        def work(connection: sa.Connection) -> None:
            if token.user:
                _get(connection, token.user)
            if replace:
                owner = tokens.c.user.is_not_distinct_from(token.user) & tokens.c.app.is_not_distinct_from(token.app)
                if token.kind == RELAY:
                    owner &= tokens.c.name == token.name
                same = (tokens.c.kind == token.kind) & tokens.c.revoked.is_(None) & owner
                connection.execute(sa.update(tokens).where(same).values(revoked=token.created))
            add_token(connection, token, by=by)

        await self._database.write(work)

    async def token(self, token_id: str) -> Token | None:
        """The token, or None if it was revoked or never existed."""
        row = await self._database.read(lambda c: rows.one(c, _TOKEN, token=token_id))
        return _token(row) if row else None

    async def tokens(self, *, user: str | None = None, app: str | None = None) -> tuple[Token, ...]:
        """Tokens that were not revoked: everybody's, a user's or an app's, by owner and age."""
        query = sa.select(tokens).where(tokens.c.revoked.is_(None))
        for column, wanted in ((tokens.c.user, user), (tokens.c.app, app)):
            if wanted is not None:
                query = query.where(column == wanted)
        query = query.order_by(tokens.c.user, tokens.c.app, tokens.c.created)
        return tuple(_token(row) for row in await self._database.read(lambda c: rows.all_of(c, query)))

    async def used(self, token: Token, at: datetime) -> None:
        """Notes when the token was last used."""

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.update(tokens).where(tokens.c.id == token.id).values(used=at))
            _log_sign_in(connection, user=token.user or token.app or token.name, via=f"{token.kind} token {token.id}")

        await self._database.write(work)

    async def revoke(
        self, token_id: str, *, by: str, at: datetime, reach: Reach = Reach.OWN, using: str | None = None
    ) -> tuple[str, ...]:
        """Revokes the token, tokens made with it as far as `reach` says, and the sessions begun with them.

        Returns the ids of all revoked tokens, this one first. `using` is the token that the caller signed in with.

        Raises NotThere, Conflicting for the last token of the last administrator, and when the caller's own token would be
        revoked because it was made with this one.
        """

        def work(connection: sa.Connection) -> tuple[str, ...]:
            row = rows.one(connection, _TOKEN, token=token_id)
            token = _token(rows.there(row, f"token {token_id}"))
            made = _made_with(connection, token, reach)
            if using in {other.id for other in made}:
                hint = "leave out the tokens made with it: --also nothing"
                raise Conflicting(f"the token that you use was made with {token_id}, and would end with it", hint=hint)
            ended = (token, *made)
            owner = token.user or token.app or ""
            with _an_administrator_stays(connection, f"{owner}, whose last token it is,", at):
                for other in ended:
                    _end(connection, other, by=by, at=at, because=None if other is token else token_id)
            return tuple(other.id for other in ended)

        return await self._database.write(work)

    async def add_session(self, session: StoredSession, *, at: datetime) -> None:
        """Adds a session and deletes expired ones."""

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(sessions).where(sessions.c.expires < at))
            connection.execute(sa.insert(sessions).values(**rows.fields(session), created=at))
            _log_sign_in(connection, user=session.user, via="session")

        await self._database.write(work)

    async def session(self, session_id: str) -> StoredSession | None:
        """The session, expired or not."""
        row = await self._database.read(lambda c: rows.one(c, _SESSION, session=session_id))
        return StoredSession(**row) if row else None

    async def end_session(self, session_id: str) -> None:
        """Ends the session; fine when it is over."""
        await self._database.write(lambda c: c.execute(sa.delete(sessions).where(sessions.c.id == session_id)))


def _get(connection: sa.Connection, name: str) -> User:
    return _user(rows.there(rows.one(connection, _NAMED, user=name), f"user {name}"))


@contextmanager
def _an_administrator_stays(connection: sa.Connection, name: str, at: datetime) -> Iterator[None]:
    """Raises Conflicting when a change removes the last administrator.

    Every user is locked first, so that of two administrators who remove each other at once, one stays.
    """
    before = _can_administer(connection, at)
    yield
    if before and not _can_administer(connection, at):
        raise Conflicting(
            f"{name} is the last administrator", hint="make somebody else one first: sealane user groups NAME"
        )


def _can_administer(connection: sa.Connection, at: datetime) -> bool:
    listed = rows.all_of(connection, sa.select(users).order_by(users.c.name).with_for_update())
    names = [row["name"] for row in listed if row["removed"] is None and ADMINISTRATORS in row["groups"]]
    lasts = tokens.c.expires.is_(None) | (tokens.c.expires > at)
    working = sa.select(tokens.c.id).where(tokens.c.user.in_(names), tokens.c.revoked.is_(None), lasts)
    return connection.execute(working.limit(1)).first() is not None


def _made_with(connection: sa.Connection, token: Token, reach: Reach) -> list[Token]:
    """The working tokens made with it, directly or not; a token is always younger than the one it was made with."""
    made: list[Token] = []
    makers = [token.id] if reach is not Reach.NOTHING else []
    while makers:
        query = sa.select(tokens).where(tokens.c.made_with.in_(makers))
        if reach is Reach.OWN:
            query = query.where(tokens.c.user == token.user)
        listed = rows.all_of(connection, query)
        made += [_token(row) for row in listed if row["revoked"] is None]
        makers = [row["id"] for row in listed]
    return made


def _end(connection: sa.Connection, token: Token, *, by: str, at: datetime, because: str | None) -> None:
    connection.execute(sa.update(tokens).where(tokens.c.id == token.id).values(revoked=at))
    connection.execute(sa.delete(sessions).where(sessions.c.token_id == token.id))
    app = token.app if not token.user else None
    data = {"of": token.user or token.app or "", "name": token.name, "made_with": because}
    revoked = DomainEvent(kind=Kind.TOKEN_REVOKED, at=at, app=app, actor=by, subject=token.id, data=data)
    event_writes.append(connection, revoked)


def _user(row: rows.Row) -> User:
    return User(name=row["name"], groups=frozenset(row["groups"]), created=row["created"])


def _token(row: rows.Row) -> Token:
    return Token(**{key: value for key, value in row.items() if key != "revoked"})


def _insert_user(connection: sa.Connection, user: User, *, by: str) -> None:
    values = {"name": user.name, "groups": sorted(user.groups), "created": user.created}
    connection.execute(sa.insert(users).values(values))
    added = DomainEvent(
        kind=Kind.USER_ADDED, at=user.created, actor=by, subject=user.name, data={"groups": sorted(user.groups)}
    )
    event_writes.append(connection, added)


def add_token(connection: sa.Connection, token: Token, *, by: str) -> None:
    """Adds a token in this transaction."""
    connection.execute(sa.insert(tokens).values(rows.fields(token)))
    subject = token.user or token.app or f"{token.kind} {token.name}"
    app = token.app if token.user is None else None
    expires = token.expires.isoformat() if token.expires else None
    data = {"id": token.id, "name": token.name, "expires": expires, "made_with": token.made_with}
    added = DomainEvent(kind=Kind.TOKEN_ADDED, at=token.created, app=app, actor=by, subject=subject, data=data)
    event_writes.append(connection, added)


def _log_sign_in(connection: sa.Connection, *, user: str, via: str) -> None:
    after_commit(connection, functools.partial(log_lines.event, "sign_in", user=user, via=via))
