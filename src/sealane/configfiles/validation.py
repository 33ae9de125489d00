"""Checks a document against the model of a file, and reports all mistakes at once, each at its place. Pure.

This checks the shape, which the JSON Schema of the same model also states; the package of each file checks how its
parts fit together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sealane.configfiles import schemas, yaml_errors
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File
from sealane.findings import Finding, did_you_mean, nearest

M = TypeVar("M", bound=File)
Problem = tuple[str, str | None]
"""A message and how to fix it."""


def validate(
    document: Document, model: type[M], *, elsewhere: Mapping[str, str] | None = None
) -> tuple[M | None, list[Finding]]:
    """The document as a model, or all problems with its shape.

    `elsewhere` maps keys of other tools to Sealane's, for hints to people who use them.
    """
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    findings = [_finding(document, model, detail, elsewhere or {}) for detail in _told(model, details)]
    return None, sorted(set(findings), key=lambda finding: (finding.place, finding.message))


def salvage(value: Any, model: type[M], stand_ins: Mapping[str, Any] | None = None) -> M | None:
    """The well-formed part of a file, so that its meaning can be checked although its shape is wrong.

    Wrong keys are left out, or replaced by their stand-in, if any; None if a required key without a stand-in is
    missing.
    """
    if not isinstance(value, dict):
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
    valid = {key: part for key, part in value.items() if key not in wrong}
    valid |= {key: part for key, part in (stand_ins or {}).items() if key in wrong}
    try:
        return model.model_validate(valid)
    except ValidationError:
        return None


def _told(model: type[File], details: list[ErrorDetails]) -> list[ErrorDetails]:
    """The errors without missing keys that are misspelt: the unknown key beside them says so."""
    meant = set()
    for detail in details:
        if detail["type"] == "extra_forbidden":
            path, _ = _path(detail)
            meant.add((*path[:-1], nearest(str(path[-1]), schemas.keys_at(model, path[:-1]))))
    return [detail for detail in details if detail["type"] != "missing" or _path(detail)[0] not in meant]


def _finding(document: Document, model: type[File], detail: ErrorDetails, elsewhere: Mapping[str, str]) -> Finding:
    path, is_key = _path(detail)
    if detail["type"] == "extra_forbidden":
        message, hint = _unknown(str(path[-1]), schemas.keys_at(model, path[:-1]), elsewhere)
        return Finding(message=message, hint=hint, place=document.key_place(path))
    if detail["type"] == "missing":
        description = _description(model, path)
        return Finding(message=f"{path[-1]} is missing", hint=description, place=document.place(path[:-1]))
    message, hint = _problem(detail, document.written.get(path), document.rest_of_line(path))
    place = document.key_place(path) if is_key else document.place(path)
    return Finding(message=f"{_label(path, is_key=is_key)} {message}", hint=hint, place=place)


def _path(detail: ErrorDetails) -> tuple[Path, bool]:
    """The error's path in the document, without the tags of variants, and whether it is about a key."""
    path = [part for part in detail["loc"] if not (isinstance(part, str) and part[:1] + part[-1:] == "()")]
    if path and path[-1] == "[key]":
        return tuple(path[:-1]), True
    return tuple(path), False


def _label(path: Path, *, is_key: bool) -> str:
    """The name in a sentence for the value at the path: its key, or its position in a list."""
    if not path:
        return "the file"
    if is_key:
        return "the name"
    if isinstance(path[-1], int):
        owner = next((part for part in reversed(path) if isinstance(part, str)), "the list")
        return f"item {path[-1] + 1} of {owner}"
    return path[-1]


def _unknown(key: str, known: set[str], elsewhere: Mapping[str, str]) -> Problem:
    if key in known:  # of another form of the same value
        return f"{key} doesn't go with the other keys here", None
    meant = elsewhere.get(key)
    if meant in known:
        return f"unknown key {key}", f"here it is called {meant}"
    return f"unknown key {key}", did_you_mean(key, known)


def _description(model: type[File], path: Path) -> str | None:
    """The first sentence of the missing key's description."""
    text = schemas.description_at(model, path)
    return text.split(". ")[0].rstrip(".") if text else None


def _problem(detail: ErrorDetails, written: str | None, rest: str) -> Problem:
    """The problem with a value, as the end of a sentence that begins with the value's name.

    `written` is the file's text of a value that is not a string, and `rest` the rest of its line.
    """
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind in _WANTED:
        return _wrong_type(_WANTED[kind], value, written, rest)
    if kind == "number_given":
        shown = written or str(value)
        return f"must be {context['expected']}, not the number {shown}", context["hint"](shown)
    if kind in _LIMITS:
        words, limit = _LIMITS[kind]
        return f"must be {words} {context[limit]}, not {written or value}", None
    if kind in _SAID:
        return _SAID[kind](context, value)
    return detail["msg"], context.get("hint")


def _wrong_type(wanted: str, value: Any, written: str | None, rest: str) -> Problem:
    if value is None:
        return f"is empty; it must be {wanted}", None
    if wanted == "a text":
        return no_text(value, written, rest)
    return f"must be {wanted}, not {_shown(value, written)}", _meant(wanted, value) if isinstance(value, str) else None


def no_text(value: Any, written: str | None, rest: str) -> Problem:
    """The problem with a value that must be a string but is not quoted.

    `written` is the file's text, if known, and `rest` the rest of its line.
    """
    problem = f"must be a text, not {_shown(value, written)}"
    if isinstance(value, bool | int | float):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return problem, f'put it in quotes: "{written or shown}"'
    if isinstance(value, dict) and len(value) == 1 and _is_colon(rest):
        return problem, f"a colon and a space make a mapping; quote the text: {yaml_errors.quoted(rest.rstrip())}"
    return problem, None


def _meant(wanted: str, text: str) -> str | None:
    if wanted == "a list":
        return f"write [{text}]" if len(text) < 40 else "put it in a list"
    if wanted == "true or false" and text.lower() in _SWITCHES:
        return f"write {_SWITCHES[text.lower()]}"
    return _as_number(text) if wanted in {"a whole number", "a number"} else None


def _is_colon(rest: str) -> bool:
    """Whether a mapping is probably a text with a colon: it is on one line, and not in braces."""
    return bool(re.search(r":\s+\S", rest)) and not rest.startswith("{") and len(rest) <= _LONGEST


def _as_number(text: str) -> str | None:
    digits = text.replace("_", "").replace(",", "")
    return f"write {digits}" if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", digits) else None


def _shown(value: Any, written: str | None) -> str:
    """The kind of the value, in a few words."""
    match value:
        case bool():
            return f"{written or str(value).lower()}, which is yes or no"
        case int() | float():
            return f"the number {written or value}"
        case str():
            return f"the text {value!r}" if len(value) < 40 else "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _not_one_of(context: Mapping[str, Any], value: Any) -> Problem:
    words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
    if not isinstance(value, str):
        return f"must be one of {', '.join(words)}", None
    return f"can't be {value!r}", did_you_mean(value, words)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}
_SWITCHES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""Words that other versions of YAML read as true and false."""
_LONGEST = 120
_SAID: dict[str, Callable[[Mapping[str, Any], Any], Problem]] = {
    "literal_error": _not_one_of,
    "too_short": lambda context, _: (
        f"must have at least {_counted(context['min_length'], 'item')}",
        "or leave the key out",
    ),
    "too_long": lambda context, _: (f"may have at most {context['max_length']} items", None),
    "string_too_short": lambda context, _: (f"must have at least {_counted(context['min_length'], 'character')}", None),
    "string_too_long": lambda context, _: (f"may have at most {context['max_length']} characters", None),
    "empty": lambda _, __: ("is empty", "give it a value or leave the key out"),
}
