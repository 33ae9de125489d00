"""References to secrets: `scheme:rest`, which a formation names instead of a value. Pure.

    env:NAME                    a variable of Sealane's own environment, named for the app
    age:path/to/file.age#NAME   an entry of an encrypted file in the repository

There is one spelling for each, so that what operators allow can be compared as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealane.findings import did_you_mean

SCHEMES = ("age", "env")
"""Stores that Sealane knows."""

_VARIABLE = r"[A-Z](?:_?[A-Z0-9])*"
_PATH = r"(?!/)(?!(?:[^#]*/)?\.{0,2}(?:/|#))[^\s#\\\x00]+"
_ENTRY = r"[A-Za-z_][A-Za-z0-9_.-]*"
PATTERN = rf"env:{_VARIABLE}|age:{_PATH}#{_ENTRY}"
"""All references, for editors; `parse` says what is wrong with others."""

_ELSEWHERE = {"aws", "azure", "file", "google", "sops", "vault"}
"""Words that may be shown: what people write who come from other tools. Any other may be part of a value."""

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Reference:
    """Names one secret in one store. It is no secret itself."""

    scheme: str
    name: str
    path: str = ""
    """The file, for stores that have files."""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}#{self.name}" if self.path else f"{self.scheme}:{self.name}"


class BadReference(ValueError):
    """No reference to a secret; the message says why, `mend` how it is written."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


def parse(text: str) -> Reference:
    """Reads a reference. Raises `BadReference`; its message never holds more than a known scheme and a path.

    Someone who writes a value where a reference belongs must not find it in a log.
    """
    scheme, colon, rest = text.partition(":")
    if not colon or len(text) > _LONGEST:
        raise BadReference("this is no reference to a secret", "it reads like env:DATABASE_URL, never the value itself")
    if scheme not in SCHEMES:
        shown = f"called {scheme} here" if scheme in _ELSEWHERE else "of that name"
        raise BadReference(f"there is no store of secrets {shown}", did_you_mean(scheme, SCHEMES))
    return _environment(rest) if scheme == "env" else _age(rest)


def problem(text: str) -> tuple[str, str] | None:
    """Why the text is no reference and how to mend it, or None when it is one."""
    try:
        parse(text)
    except BadReference as error:
        return str(error), error.mend
    return None


def _environment(name: str) -> Reference:
    if not re.fullmatch(_VARIABLE, name):
        message = "after env: comes a name of capital letters, digits and single underscores"
        raise BadReference(message, "it reads like env:DATABASE_URL")
    return Reference("env", name)


def _age(rest: str) -> Reference:
    path, hash_, name = rest.partition("#")
    if not hash_ or not re.fullmatch(_ENTRY, name):
        message = "after age: come a file, # and the name of an entry in it"
        raise BadReference(message, "it reads like age:deploy/secrets/production.age#DATABASE_URL")
    if not re.fullmatch(f"{_PATH}#", f"{path}#"):
        message = "the file must be a plain path inside the repository"
        raise BadReference(message, "it starts at the repository's root, without / in front, . or ..")
    return Reference("age", name, path)
