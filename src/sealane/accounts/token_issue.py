"""Makes tokens: for users, for pushes to an app, and for relays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from sealane import clock
from sealane.access import lifetimes, tokens
from sealane.records.accounts import RELAY, Token


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenIssue:
    """Makes tokens; `life` is how long those of users are valid, None: for ever."""

    life: timedelta | None
    now: clock.Clock

    async def issue(
        self,
        name: str,
        *,
        user: str | None = None,
        app: str | None = None,
        relay: bool = False,
        expires: str | None = None,
        made_with: str | None = None,
    ) -> tuple[Token, str]:
        """A fresh token and its text. Raises UsageError for an invalid span."""
        life = self.life if user else None
        if expires is not None:
            life = lifetimes.read(expires, "what the token expires after")
        minted = await asyncio.to_thread(tokens.mint)
        token = self.record(minted, name, life=life, user=user, app=app, made_with=made_with)
        return (replace(token, kind=RELAY) if relay else token), minted.text

    def record(
        self,
        minted: tokens.IssuedToken,
        name: str,
        *,
        life: timedelta | None,
        user: str | None = None,
        app: str | None = None,
        made_with: str | None = None,
    ) -> Token:
        """The token of a minted text, as it is stored; `life` is how long it is valid, None: for ever."""
        now = self.now()
        return Token(
            id=minted.id,
            kind="user" if user else "push",
            user=user,
            app=app,
            name=name,
            hash=minted.hash,
            created=now,
            used=None,
            expires=now + life if life is not None else None,
            made_with=made_with,
        )
