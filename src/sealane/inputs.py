"""Limits of what people and programs may send in: names, branches, folders, owners and reasons. Pure.

The API, the pages, the command line and the readers of webhooks use them. What a person types is refused when it does not
fit; what an untrusted commit says is made to fit, because the commit exists anyway.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from sealane import controls
from sealane.errors import UsageError

LONGEST_NAME = 64
LONGEST_APP = 79
"""Forty letters and digits, with a dash between every two."""
LONGEST_BRANCH = 200
"""Bytes. Each part of a branch is a file of the repository, which may have 255 bytes, and git adds `.lock` to it."""
LONGEST_FOLDER = 400
LONGEST_URL = 500
LONGEST_LINE = 200
LONGEST_TEXT = 1000
LONGEST_ADDRESS = 2000
LONGEST_REFERENCE = 1000
DEEPEST = 100
"""Nested levels of JSON."""

NAME_PATTERN = r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$"
"""Names of users and groups; a pattern that JSON Schema understands, too."""
APP_PATTERN = r"^[a-z](-?[a-z0-9]){0,39}$"
_NAME, _APP = re.compile(NAME_PATTERN), re.compile(APP_PATTERN)
_NOT_IN_REFERENCE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ufffd]|\.\.|@\{|//|/\.|(?:\.|/|\.lock)$|\.lock/")
"""What git refuses in a reference (git-check-ref-format)."""
_JOINERS = "\u200c\u200d"
"""Zero-width characters that some scripts and emoji need."""
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def check_name(name: str, subject: str) -> str:
    """The name, when users, groups and tokens may have it. Raises UsageError."""
    if not _NAME.fullmatch(name):
        hint = "small letters, digits, dots, dashes and underscores, at most 64, beginning and ending with a letter or digit"
        raise UsageError(f"{_quoted(name)} can't be the name of {subject}", hint=hint)
    return name


def check_app_name(name: str) -> str:
    """The name, when it fits wherever an app's name goes: URLs, images, labels, variables. Raises UsageError."""
    if not _APP.fullmatch(name):
        hint = "small letters, digits and single dashes, beginning with a letter, at most 40 letters and digits"
        raise UsageError(f"{_quoted(name)} can't be the name of an app", hint=hint)
    return name


def is_reference(name: str) -> bool:
    """Whether git takes it as a reference or branch."""
    fits = bool(name) and len(name) <= LONGEST_REFERENCE and name[0] not in "-./" and name != "@"
    return fits and not _NOT_IN_REFERENCE.search(name) and _clean(name)


def check_branch(name: str) -> str:
    """The branch, when git takes it and can keep it. Raises UsageError."""
    if not is_reference(name) or name == "HEAD" or name.startswith("refs/"):
        hint = "a branch's own name, such as main or release/2.x"
        raise UsageError(f"{_quoted(name)} can't be the name of a branch", hint=hint)
    if len(name.encode()) > LONGEST_BRANCH:
        raise UsageError(f"the branch {_quoted(name)} is too long", hint=f"at most {LONGEST_BRANCH} bytes")
    return name


def check_folder(path: str) -> str:
    """The folder in a repository, without slashes around it; empty for its root. Raises UsageError."""
    inside = path.strip("/")
    if not inside and len(path) < 2:
        return ""
    parts = inside.split("/")
    if any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts) or "\\" in inside:
        raise UsageError(
            f"{_quoted(path)} is no folder in a repository", hint="a path from its root, such as services/shop"
        )
    return check_line(inside, "the folder", most=LONGEST_FOLDER)


def check_line(text: str, subject: str, *, most: int = LONGEST_LINE) -> str:
    """One line of text that is not empty, without space around it. Raises UsageError."""
    line = check_text(text, subject, most=most).strip()
    if not line:
        raise UsageError(f"{subject} is empty")
    if any(character in line for character in "\n\r\t" + _JOINERS):
        raise UsageError(
            f"{subject} has line breaks, tabs or characters of no width in it", hint="write it as one line"
        )
    return line


def check_text(text: str, subject: str, *, most: int = LONGEST_TEXT) -> str:
    """Text of several lines, or none. Raises UsageError for what is too long or can't be shown."""
    if len(text) > most:
        raise UsageError(f"{subject} has {len(text)} characters", hint=f"at most {most}")
    if not _clean(text):
        hint = "leave out control characters, marks that turn the direction of text, and halves of characters"
        raise UsageError(f"{subject} has characters in it that can't be shown", hint=hint)
    return text


def check_json(value: Any, subject: str) -> None:
    """Raises UsageError for JSON that no cluster or database accepts: half characters, NUL, infinite or huge numbers."""
    ahead: list[tuple[Any, int]] = [(value, 0)]
    while ahead:
        value, depth = ahead.pop()
        if depth > DEEPEST:
            raise UsageError(f"{subject} is nested more than {DEEPEST} levels deep")
        if isinstance(value, str) and storable(value) != value:
            raise UsageError(f"{subject} has halves of characters or NUL in it")
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"{subject} has a number in it that JSON does not have")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise UsageError(
                f"{subject} has a number in it that is too large", hint="whole numbers have at most 64 bits"
            )
        if isinstance(value, Mapping):
            ahead += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            ahead += [(part, depth + 1) for part in value]


def check_address(path: str, query: str) -> None:
    """Raises UsageError for a request's address that can't exist here."""
    for part, subject in ((path, "the address"), (query, "the address' question")):
        check_text(part, subject, most=LONGEST_ADDRESS)


def fitted(text: str, *, most: int = LONGEST_LINE) -> str:
    """Untrusted text as one line that can be stored and shown: a name, the subject of a commit."""
    line = " ".join(controls.removed(storable(text[: most * 20])).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def storable(text: str) -> str:
    """The text with a mark in place of half characters and NUL, which databases and responses can't hold."""
    return _SURROGATES.sub("\ufffd", text).replace("\0", "\ufffd")


def _clean(text: str) -> bool:
    shown = text.replace("\r\n", "\n")
    for joiner in _JOINERS:
        shown = shown.replace(joiner, "")
    return not _SURROGATES.search(shown) and controls.removed(shown) == shown


def _quoted(text: str) -> str:
    """The text as it may stand in a message: escaped, and its beginning only."""
    return ascii(text[:LONGEST_NAME]) if not text.isprintable() else repr(text[:LONGEST_NAME])
