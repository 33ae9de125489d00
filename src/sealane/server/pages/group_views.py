"""The view of a release group on the pages of its run and its deployments, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.server.pages.views import Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRow:
    """One member of a release group."""

    formation: str
    where: str
    """Its environment and destination."""
    pill: Pill
    href: str
    """The page of its deployment; empty without one, and on that page itself."""
    words: str
    hint: str
    """A way to get it deployed, if it ended without that."""
    back_pill: Pill | None
    """How its rollback is; None without one."""
    back_href: str
    back_words: str
    """Of its rollback; or why there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupCard:
    """A release group: how it is, and every member in its order."""

    pill: Pill
    words: str
    order: str
    rows: tuple[GroupRow, ...]
    hidden: str
    """How many members the reader may not see; empty for none."""
