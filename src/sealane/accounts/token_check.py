"""Checks the tokens that people, relays and pushes send; failures count against their address."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime, timedelta

from sealane import clock, inputs, log_lines
from sealane.access import tokens
from sealane.accounts.sign_in_attempts import AttemptLimits, Attempts
from sealane.errors import NotSignedIn
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.accounts import Token
from sealane.store.all_stores import Store

_CACHED = timedelta(seconds=30)
_USED_EVERY = timedelta(minutes=5)
_MOST_CACHED = 1000
_MOST_KNOWN = 20_000
_LONGEST_ID = 20
_NOT_KNOWN = "the token is not known here, or was revoked"


class TokenCheck:
    """Finds the valid token of a text."""

    def __init__(self, store: Store, *, limits: AttemptLimits | None = None, now: clock.Clock = clock.now) -> None:
        self._store = store
        self._attempts = Attempts(limits=limits or AttemptLimits(), now=now)
        self._now = now
        self._checked: dict[bytes, datetime] = {}
        self._known: set[bytes] = set()
        """Digests of tokens found valid since the start: others' failures from the same address don't block them."""
        self._used: dict[str, datetime] = {}

    async def check(self, text: str, address: str) -> Token:
        """The valid token. Its row is read each time, so revoking works at once; only the slow hash is cached.

        A failure takes the same work whether the id is known or not, and counts against the address and the id. Raises
        NotSignedIn, TooManyAttempts.
        """
        token_id, secret = tokens.parse(text) or ("", "")
        token = await self._store.people.token(token_id) if token_id else None
        if token is None or not self._is_fresh(_digest(token, text)):
            async with self._attempts.turn(address, token_id):
                token = await self._tried(token_id, secret, _digest(token, text), address)
        now = self._now()
        if token.expires is not None and token.expires <= now:
            await self._failed(address, token_id, token, "expired")
            raise NotSignedIn(
                f"the token expired on {token.expires:%Y-%m-%d}", hint="ask for another: sealane user token"
            )
        if now - self._used.get(token.id, datetime.min.replace(tzinfo=now.tzinfo)) > _USED_EVERY:
            self._used[token.id] = now
            await self._store.people.used(token, now)
        return token

    def _is_fresh(self, digest: bytes) -> bool:
        """Whether the token was found valid lately."""
        until = self._checked.get(digest)
        return until is not None and until > self._now()

    async def _tried(self, token_id: str, secret: str, digest: bytes, address: str) -> Token:
        if digest not in self._known:
            self._attempts.check(address, token_id)
        token = await self._store.people.token(token_id) if token_id else None  # it may have been revoked meanwhile
        right = token is not None and self._is_fresh(digest)  # the attempt before it had the same token
        if token_id and not right:
            right = await asyncio.to_thread(_is_right, token, secret)
        if token is None or not right:
            await self._failed(address, token_id, token, "unknown or wrong")
            raise NotSignedIn(_NOT_KNOWN, hint="sign in: sealane login")
        self._remember(digest, self._now())
        return token

    def _remember(self, digest: bytes, now: datetime) -> None:
        if len(self._checked) >= _MOST_CACHED:
            self._checked.clear()
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._checked[digest] = now + _CACHED
        self._known.add(digest)

    async def _failed(self, address: str, token_id: str, token: Token | None, why: str) -> None:
        """Counts a failure, and writes it to log and audit; of the token only the id."""
        self._attempts.failed(address, token_id)
        shown = inputs.fitted(token_id, most=_LONGEST_ID)
        whose = (token.user or token.app) if token else None
        detail = {"token": shown, "why": why, "of": whose}
        log_lines.event("sign_in.failed", level=logging.WARNING, address=address, token=shown, why=why, user=whose)
        failed = DomainEvent(
            kind=Kind.SIGN_IN_FAILED,
            at=self._now(),
            app=token.app if token and token.user is None else None,
            actor=f"somebody at {inputs.fitted(address) or 'an unknown address'}",
            subject=whose or "nobody",
            data=detail,
        )
        await self._store.outbox.say(failed)

    def forget(self) -> None:
        """Has every token checked in full when it comes next."""
        self._checked.clear()


def _is_right(token: Token | None, secret: str) -> bool:
    """Checks a hash in any case. Takes about 20 ms: call it off the event loop."""
    return tokens.matches(token.hash if token else tokens.decoy(), secret) and token is not None


def _digest(token: Token | None, text: str) -> bytes:
    """The digest of a tried token, together with its present hash."""
    return hashlib.sha256(f"{token.hash if token else ''}\0{text}".encode(errors="replace")).digest()
