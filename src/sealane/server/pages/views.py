"""The views that all pages share, as values: states in a word, links, a person's actions. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealane import hashing

Tone = Literal["ok", "run", "wait", "bad", "off"]
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_-]+")
"""Characters that an element's id must not have if a selector looks for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pill:
    """A state in a word or two; the tone is its colour."""

    tone: Tone
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A few words with an optional link."""

    words: str
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """The page's reader, and the content of its head for them."""

    name: str
    groups: tuple[str, ...]
    waits: int
    """Number of things that wait for this reader's answer."""
    form_token: str
    """The token in every form, so that no other site can send it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A form's field for a person's text."""

    name: str
    label: str
    hint: str
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    """The options: the value that is sent, and its text; empty for free text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """An action of a person, after a question."""

    action: str
    """The address of the form."""
    words: str
    asks: str
    """The consequence, shown before the action."""
    yes: str
    value: str = ""
    """Sent as `word`, if one form has several answers."""
    field: Field | None = None
    """A field for text."""
    first: bool = False
    """Whether it is the prominent one."""

    @property
    def key(self) -> str:
        """Stays the same when the page is read again, and is unique on it; it changes with the options."""
        choices = self.field.choices if self.field else ()
        chosen_from = hashing.content_id(choices)[-8:] if choices else ""
        return _UNNAMEABLE.sub("-", f"{self.action}-{self.value}-{chosen_from}").strip("-")


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthSaid:
    """The health of something that runs."""

    pill: Pill
    since: datetime
    cause: str
    """The cause, in one sentence; empty if healthy."""
