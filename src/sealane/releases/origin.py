"""Origins: the commit of a deployment or run, its author, and the run that built it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a release comes from."""

    run: str
    """The id of the run that built it."""
    label: str
    """How people name the run: `shop #12`."""
    page: str
    """The run's page, from the server's address."""
    commit: str
    """The full hash; empty where there is none."""
    branch: str | None
    subject: str
    """The first line of the commit's message."""
    author: str | None
    """The author by the commit, which anyone can write."""


def subject(message: str) -> str:
    """The first line of a commit's message."""
    return message.strip().partition("\n")[0].strip()
