"""The parts of a secret that are secret themselves: fields of a document, the password in an address. Pure.

A program reads a document of several secrets and prints one of them. Other parts of the document, such as a host or the
name of an engine, are not secret and appear in many lines of a log.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

from sealane.configfiles import documents

SHORTEST = 4
"""Characters; anything shorter appears in many lines by chance."""

_UNNAMED = 8
"""Least characters of a part whose name does not mark it as secret."""
_SENTENCE = 12
_DEEPEST = 3
_MOST = 500
"""Most parts of one secret."""

_NAMES = re.compile(
    r"pass|pwd|\bpw\b|secret|token|credential|private|signature|cookie|session|\bsas\b|\bsig\b|\bpin\b|\botp\b|bearer"
    r"|(?:^|[^a-z])auth(?:$|[^a-z])|key(?!word|board|stone)",
    re.IGNORECASE,
)
"""Parts of the names of secret fields."""
_ABOUT = re.compile(
    r"(?:ur[il]|endpoint|type|names?|alias|size|usage|ring|host|file|path|method|algorithm|ttl|version|key[_-]?id)$|monkey|expir",
    re.IGNORECASE,
)
"""Parts of the names of fields that describe a secret: token_uri, key_id."""
_TRIVIAL = re.compile(r"true|false|null|none|yes|no|on|off|default|enabled|disabled|changeme|[0-9]{1,5}", re.IGNORECASE)
_PLACES = re.compile(
    r"(?:^|[_.-])(?:user|username|host|hostname|port|database|db|dbname|schema|region)$", re.IGNORECASE
)
_WORD = re.compile(r"[a-z][a-z0-9.-]*")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]*@?[^\s]*")
_USER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^:@/?#\s]+)@\S*")
_USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<user>[^:@/?#\s]*):(?P<password>.*)@[^@]*", re.DOTALL)
_SETTING = re.compile(
    r"(?:^|[;&?:\s])([A-Za-z_][\w .-]{0,60}?)\s*=\s*('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^;&\s]+)"
)
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=]\s*(.*?)\s*")
_SECTION = re.compile(r"\s*\[[^\]]*\]\s*")
_ELEMENT = re.compile(r"<([\w.:-]+)(?:\s[^<>]*)?>([^<>]+)</")
_ATTRIBUTE = re.compile(r"\s([\w.:-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_NETRC = re.compile(r"(password|account)\s+(\S+)", re.IGNORECASE)
_PAIR = re.compile(r"[^\s:/@]{1,128}:([^\s]+)")
_SCHEME = re.compile(r"(?:bearer|basic|token|apikey)\s+(\S+)", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_FIELDS = re.compile(r"^\s*(?:- )?[\w.\"'-]+:(?:\s|$)", re.MULTILINE)
_MIXED = re.compile(r"(?=[A-Za-z0-9]*[0-9])(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{8,}")
_JUMBLED = re.compile(r"(?:[a-z]+[A-Z]+){3,}")
_SIGNS = re.compile(r"[!#$%^&*()+=<>?~`{}\[\]|;\"',\\]")


_Fields = list[tuple[str, str]]


def parts(secret: str) -> frozenset[str]:
    """The secret itself, and its parts that are secret themselves."""
    collected = {secret, secret.strip()}
    _collect(secret.strip(), collected, _DEEPEST)
    return frozenset(part for part in collected if len(part) >= SHORTEST)


def lines(secret: str) -> frozenset[str]:
    """The lines of a text, each of which may be printed alone; none for a document, because its fields count."""
    if len(secret.splitlines()) < 2 or _fields(secret) is not None:
        return frozenset()
    return frozenset(line.strip() for line in secret.splitlines() if len(line.strip()) >= SHORTEST)


def _collect(text: str, collected: set[str], depth: int) -> None:
    if depth == 0 or len(collected) >= _MOST:
        return
    fields = _fields(text)
    inner = [value for name, value in fields if is_secret(name, value)] if fields is not None else [*_inside(text)]
    for part in inner:
        if len(part.strip()) >= SHORTEST and part not in collected and len(collected) < _MOST:
            collected.update({part, part.strip()})
            _collect(part.strip(), collected, depth - 1)
    for _, value in fields or ():
        if _ADDRESS.match(value):
            _collect(value, collected, depth - 1)


def _fields(text: str) -> _Fields | None:
    """Names and texts of a JSON, XML or YAML document, or of `NAME=value` lines; None for any other text."""
    return next(
        (fields for read in (_json, _xml, _netrc, _settings, _yaml) if (fields := read(text)) is not None), None
    )


def _json(text: str) -> _Fields | None:
    if text[:1] not in {"{", "[", '"'}:
        return None
    try:
        return list(_leaves(json.loads(text), ""))
    except (ValueError, RecursionError):
        return None


def _xml(text: str) -> _Fields | None:
    if text[:1] != "<":
        return None
    attributes = [(name, value[1:-1]) for name, value in _ATTRIBUTE.findall(text)]
    return [(name, html.unescape(value)) for name, value in [*_ELEMENT.findall(text), *attributes]] or None


def _netrc(text: str) -> _Fields | None:
    return _NETRC.findall(text) if text.startswith("machine ") else None


def _settings(text: str) -> _Fields | None:
    """Lines of `NAME=value`, with or without sections; a single line only if its name is a variable's."""
    written = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;"]
    sections = [line for line in written if _SECTION.fullmatch(line)]
    settings = [match for line in written if (match := _LINE.fullmatch(line))]
    alone = len(settings) == 1 and not sections and not settings[0][1].isupper()
    if not settings or alone or len(settings) + len(sections) < len(written):
        return None
    return [(match[1], _unquoted(match[2])) for match in settings]


def _yaml(text: str) -> _Fields | None:
    if len(_FIELDS.findall(text)) < 2 and not ("\n" in text and _FIELDS.match(text)):
        return None
    read, _ = documents.read(text, "")
    if not read or not isinstance(read[0].value, dict | list):
        return None
    return [leaf for document in read for leaf in _leaves(document.value, "")]


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, f"{key}")
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child, name)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _inside(text: str) -> Iterator[str]:
    """Secret parts of a short text: of an address, of settings, of a pair, of encoded text."""
    if address := _USERINFO.fullmatch(text):
        yield from {address["password"], urllib.parse.unquote(address["password"])}
        yield f"{address['user']}:{address['password']}"
    if (user := _USER.fullmatch(text)) and is_secret("", user[1]):
        yield from {user[1], urllib.parse.unquote(user[1])}
    for name, value in _SETTING.findall(text) if "=" in text and len(text) <= 16384 else ():
        shown = _unquoted(value)
        if is_secret(name, shown):
            yield from {shown, urllib.parse.unquote(shown), urllib.parse.unquote_plus(shown)}
    if "://" not in text:
        for pattern in (_PAIR, _SCHEME):
            if (match := pattern.fullmatch(text)) and is_secret("password", match[1]):
                yield match[1]
    if "%" in text:
        yield urllib.parse.unquote(text)
    if (decoded := _decoded(text)) is not None:
        yield decoded


def _decoded(text: str) -> str | None:
    """The text that is encoded in base64, or None."""
    if not _BASE64.fullmatch(text) or len(text) % 4 == 1:
        return None
    try:
        plain = base64.b64decode(
            text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
        ).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return plain if len(plain) >= _UNNAMED and (plain.isprintable() or "\n" in plain) else None


def is_plain(name: str, value: str) -> bool:
    """Whether a Secret's entry is a common word in logs, or names a user or a place: `POSTGRES_USER: postgres`."""
    text = value.strip()
    return bool(_TRIVIAL.fullmatch(text) or (_PLACES.search(name) and _WORD.fullmatch(text)))


def is_secret(name: str, value: str) -> bool:
    """Whether a field's text is a secret: its name says so, or it does not look like text in a log."""
    text = value.strip()
    if len(text) < SHORTEST or _TRIVIAL.fullmatch(text):
        return False
    if _NAMES.search(name) and not _ABOUT.search(name):
        return True
    if len(text) < _UNNAMED:
        return False
    if re.search(r"\s", text):
        return len(text) >= _SENTENCE
    if "://" in text:
        return bool(_USERINFO.fullmatch(text) or _USER.fullmatch(text))
    return bool(_MIXED.search(text) or _JUMBLED.search(text) or _SIGNS.search(text))
