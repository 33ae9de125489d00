"""The views of the page of tokens, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.views import Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRow:
    """One token that is valid, or was until it expired."""

    id: str
    name: str
    pill: Pill
    created: datetime
    used: datetime | None
    expires: datetime | None
    made_with: str | None
    makes: int
    """How many others of its user end with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenGroup:
    """The tokens of one user or app."""

    title: str
    rows: tuple[TokenRow, ...]
