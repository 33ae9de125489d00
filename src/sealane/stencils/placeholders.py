"""Placeholders: `${name}` in texts replaced by values. Pure: knows nothing about formations or files.

A text that is just one placeholder becomes its value with its type; a placeholder inside other text becomes text. `$${`
is a literal `${`. Values are not searched again, so a value can't add another placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.findings import Finding, Place, did_you_mean, nearest

_TOKEN = re.compile(r"\$\$\{|\$\{(?P<name>[^{}$\n]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_LITERAL = "$${"
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")

MOST_FINDINGS = 100
"""Wrong placeholders that one rendering reports: untrusted files may have a million."""

MOST_TEXT = 16 * 1024 * 1024
"""Most characters of values in one rendering: a large value, used often, would fill the memory."""

_LONGEST = 128
_SHOWN = 40
_SHELL = re.compile(r"[A-Z_][A-Z0-9_]*")
"""The usual form of environment variables: such a name is not meant as a placeholder."""

At = Callable[[str, int], Place]
"""The place of a token in the file, from the token and the number of equal ones before it in the text."""


@dataclass(kw_only=True, slots=True)
class Spent:
    """How much of the limits for untrusted files is used up."""

    findings: int = 0
    text: int = 0
    lengths: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placeholders:
    """The values of placeholders, which of them were used, and why some have no value."""

    values: Mapping[str, Any]
    missing: Mapping[str, str] = field(default_factory=dict)
    """Placeholders that exist but have no value here, with the reason."""
    written: Mapping[str, str] = field(default_factory=dict)
    """How the formation's file writes placeholders with numeric values: 3.10, 0644."""
    used: set[str] = field(default_factory=set)
    spent: Spent = field(default_factory=Spent)

    def text(self, name: str) -> str | None:
        """The value of a placeholder inside a text, a number as written; None if it can't be text."""
        value = self.values[name]
        return self.written.get(name, str(value)) if _is_number(value) else as_text(value)

    @property
    def enough(self) -> bool:
        """Whether there are too many errors to go on."""
        return self.spent.findings >= MOST_FINDINGS


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text, for finding places inside scalars."""

    text: str = field(repr=False)
    _lines: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def inside(self, scalar: Place, token: str, nth: int) -> Place:
        """The place of the token with `nth` equal ones between it and the scalar's start; else the scalar's start.

        Works in every style of scalar, because none of them changes how a placeholder is written.
        """
        if not scalar.line:
            return scalar
        starts = self._starts()
        at = starts[scalar.line - 1] + scalar.column - 2
        for _ in range(nth + 1):
            at = self.text.find(token, at + 1)
            if at < 0:
                return scalar
        return self.at(scalar.file, at)

    def at(self, file: str, offset: int) -> Place:
        """The place of a character of the text, counted from 0."""
        starts = self._starts()
        line = max(index for index, start in enumerate(starts) if start <= offset)
        return Place(file=file, line=line + 1, column=offset - starts[line] + 1)

    def _starts(self) -> list[int]:
        """Offsets at which lines start; computed once, and only for errors."""
        if not self._lines:
            self._lines.extend((0, *(match.end() for match in _BREAK.finditer(self.text))))
        return self._lines


def replace(text: str, words: Placeholders, at: At) -> tuple[Any, list[Finding]]:
    """The text with its placeholders replaced: a value of any type when the text is one placeholder, else a text."""
    if "${" not in text:
        return text, []
    whole = _TOKEN.fullmatch(text)
    if whole and whole["name"] is not None:
        value, problem = _value(whole["name"], words)
        return (value, []) if problem is None else (None, _told(problem, whole, text, words, at))
    return replace_inside(text, words, at)


def replace_inside(text: str, words: Placeholders, at: At) -> tuple[str, list[Finding]]:
    """The text with its placeholders replaced, each as text."""
    findings: list[Finding] = []

    def written(token: re.Match[str]) -> str:
        if token[0] == _LITERAL:
            return "${"
        value, problem = _value(token["name"], words)
        if problem is None:
            shown = words.text(token["name"])
            if shown is not None:
                return shown
            problem = _Problem(
                message=f"the value of {token['name']} is {_kind(value)}, which can't stand inside a text",
                hint=f"let ${{{token['name']}}} be the whole value, or give it a text",
            )
        findings.extend(_told(problem, token, text, words, at))
        return ""

    return _TOKEN.sub(written, text), findings


def only_word(text: str) -> str | None:
    """The placeholder, if the text is just that."""
    whole = _TOKEN.fullmatch(text)
    return whole["name"] if whole else None


def has_word(text: str) -> bool:
    """Whether the text has a placeholder that isn't escaped as a literal."""
    return "${" in text and any(token[0] != _LITERAL for token in _TOKEN.finditer(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Problem:
    message: str
    hint: str | None


def literal(token: str) -> str:
    """How to write what a shell or another program should replace, so that it is kept."""
    shown = token if len(token) < _SHOWN else "${"
    return f"a literal {shown} is written ${shown}"


_OF_SECRETS = re.compile(r"secrets?[.]|secret$")
_NO_VALUES = "stencils hold no value of a secret: take the Secret ${secrets}, which a formation's `secrets` make"
_RAW = "raw leaves a whole file or object alone"


def _value(name: str | None, words: Placeholders) -> tuple[Any, _Problem | None]:
    if name is None:
        return None, _Problem(message="${ without its }", hint=f"{literal('${')}; {_RAW}")
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        shown = f"${{{name}}}" if len(name) < _SHOWN else f"${{{name[:36]}…}}"
        return None, _Problem(message=f"{shown} is no placeholder", hint=f"{literal(f'${{{name}}}')}; {_RAW}")
    if name in words.values:
        words.used.add(name)
        return words.values[name], _too_much(name, words)
    if words.enough:
        return None, _Problem(message="", hint=None)  # not reported
    if name in words.missing:
        words.used.add(name)
        return None, _Problem(message=f"${{{name}}} has no value here", hint=words.missing[name])
    return None, _Problem(message=f"unknown word ${{{name}}}", hint=_meant(name, words))


def _meant(name: str, words: Placeholders) -> str:
    written, near = literal(f"${{{name}}}"), nearest(name, words.values)
    if near:
        return f"did you mean {near}? {written[:1].upper()}{written[1:]}"
    if _OF_SECRETS.match(name):
        return f"{_NO_VALUES}; {written}"
    return f"{written}; {_RAW if _SHELL.fullmatch(name) else did_you_mean(name, words.values)}"


def _too_much(name: str, words: Placeholders) -> _Problem | None:
    spent = words.spent
    if name not in spent.lengths:
        spent.lengths[name] = len(str(words.values[name]))
    spent.text += spent.lengths[name]
    if spent.text <= MOST_TEXT:
        return None
    message = f"the values put in come to more than {MOST_TEXT} characters"
    return _Problem(message=message, hint="put large texts into files")


def _told(problem: _Problem, token: re.Match[str], text: str, words: Placeholders, at: At) -> list[Finding]:
    if words.enough:
        return []
    words.spent.findings += 1
    place = at(token[0], text[: token.start()].count(token[0]))
    return [Finding(message=problem.message, place=place, hint=problem.hint)]


def as_text(value: Any) -> str | None:
    """A value as text in YAML's spelling; None if it can't be text."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "empty"
