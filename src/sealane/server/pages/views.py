"""What every page shows, as values: states in a word, links, what a person may do. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealane import hashing

Tone = Literal["ok", "run", "wait", "bad", "off"]
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_-]+")
"""What an element's id may not have where it is looked for by a selector."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pill:
    """A state in a word or two; the tone is its colour."""

    tone: Tone
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A few words that may lead somewhere."""

    words: str
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who looks at the page, and what the head of every page shows them."""

    name: str
    groups: tuple[str, ...]
    waits: int
    """How many things wait for this reader's word."""
    form_token: str
    """What every form sends back, so that no other site can send it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What a form asks a person to write."""

    name: str
    label: str
    hint: str
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    """What may be chosen: what is sent, and what people read; empty where anything may be written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Something a person may do, after a question."""

    action: str
    """Where the form is sent."""
    words: str
    asks: str
    """What comes of it, told before it is done."""
    yes: str
    value: str = ""
    """Sent as `word`, where one form answers in several ways."""
    field: Field | None = None
    """What it asks to be written."""
    first: bool = False
    """Whether it is the one that stands out."""

    @property
    def key(self) -> str:
        """The same each time the page is read, and no other's on it; another once there is something else to choose."""
        choices = self.field.choices if self.field else ()
        chosen_from = hashing.content_id(choices)[-8:] if choices else ""
        return _UNNAMEABLE.sub("-", f"{self.action}-{self.value}-{chosen_from}").strip("-")


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthSaid:
    """How something fares that is there."""

    pill: Pill
    since: datetime
    cause: str
    """Why, in one sentence; empty while it is healthy."""
