"""Tokens grouped by owner, for one reader. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sealane.records.accounts import RELAY, Token
from sealane.server.pages.token_views import TokenGroup, TokenRow
from sealane.server.pages.views import Pill

_SOON = timedelta(days=14)


def groups(tokens: Iterable[Token], reader: str, *, now: datetime) -> tuple[TokenGroup, ...]:
    """The reader's own first, then those of apps and relays, then those of other people."""
    listed = tuple(tokens)
    titled: dict[tuple[int, str], list[TokenRow]] = {}
    for token in listed:
        titled.setdefault(_title(token, reader), []).append(_row(token, _makes(token, listed), now))
    return tuple(TokenGroup(title=title, rows=tuple(rows)) for (_, title), rows in sorted(titled.items()))


def _title(token: Token, reader: str) -> tuple[int, str]:
    if token.user == reader:
        return 0, "Yours"
    if token.kind == RELAY:
        return 2, "Relays"
    return (1, f"App {token.app}") if token.app and not token.user else (3, str(token.user))


def _makes(token: Token, listed: Iterable[Token]) -> int:
    """How many of the user's listed tokens were made with it, directly or indirectly."""
    mine = [other for other in listed if other.user is not None and other.user == token.user and other.made_with]
    ends = {token.id}
    while more := {other.id for other in mine if other.made_with in ends} - ends:
        ends |= more
    return len(ends) - 1


def _row(token: Token, makes: int, now: datetime) -> TokenRow:
    return TokenRow(
        id=token.id,
        name=token.name,
        pill=_pill(token, now),
        created=token.created,
        used=token.used,
        expires=token.expires,
        made_with=token.made_with,
        makes=makes,
    )


def _pill(token: Token, now: datetime) -> Pill:
    if token.expires is not None and token.expires <= now:
        return Pill(tone="bad", words="expired")
    if token.expires is not None and token.expires <= now + _SOON:
        return Pill(tone="wait", words="ends soon")
    words = {"push": "pushes only", RELAY: "dials in only"}.get(token.kind)
    return Pill(tone="off", words=words) if words else Pill(tone="ok", words="signs in")
