"""Fields that files share: names, durations, image references, globs. Pure: knows nothing about any one file.

Each is a type for a pydantic model of a file. Its pattern is also in the JSON Schema, so that an editor refuses
what Sealane refuses; patterns keep to what Python's and JavaScript's expressions both understand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SHARED = "x-"
"""The beginning of keys for anchors that several parts of a file share."""


class File(BaseModel):
    """A file, or a part of one: nothing unknown is let pass, nothing is converted silently.

    The docstring under each field becomes its description in the JSON Schema (`attribute_docs`).
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class TopFile(File):
    """A whole file. Keys `x-…` at its top hold what the rest takes by alias; they mean nothing themselves."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {f"^{SHARED}": {}}})

    @model_validator(mode="before")
    @classmethod
    def _without_shared(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: part for key, part in value.items() if not str(key).startswith(SHARED)}


class NotEmpty:
    """A key may be left out, but if it is written, it needs a value: `when:` with nothing after it is a mistake."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks before all other rules."""
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The inner schema without null."""
        inner = handler(schema)
        kinds = [kind for kind in inner.get("anyOf", ()) if kind.get("type") != "null"]
        if not kinds:
            return inner
        return kinds[0] if len(kinds) == 1 else inner | {"anyOf": kinds}

    def _check(self, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("empty", "is empty")
        return value


T = TypeVar("T")
Maybe = Annotated[T | None, NotEmpty()]
"""A key that may be left out; its default is None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """A text that must match a pattern completely; `expected` describes the right form in words."""

    pattern: str
    expected: str
    longest: int = 253
    hint: Callable[[str], str | None] | None = None
    """How to fix a text that doesn't match, or None."""
    quiet: bool = False
    """Keeps the text out of messages: it may be a secret instead of its name."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks texts; a value that YAML read as a number gets more useful advice before."""
        checked = core_schema.no_info_after_validator_function(self.check, handler(source))
        return core_schema.no_info_before_validator_function(self._advise, checked)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The same rule for editors; `$` matches before a last newline in Python only, hence the end of the pattern."""
        return handler(schema) | {"pattern": f"^(?:{self.pattern})$(?!\\n)", "maxLength": self.longest}

    def _advise(self, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and self.hint:
            message = "must be {expected}, not the number {value}"
            context = {"expected": self.expected, "value": str(value), "hint": self.hint}
            raise PydanticCustomError("number_given", message, context)
        return value

    def check(self, text: str) -> str:
        """The text unchanged, or an error that says what is expected."""
        if len(text) > self.longest:
            message = "is {length} characters long; at most {longest} fit"
            raise PydanticCustomError("too_long_text", message, {"length": len(text), "longest": self.longest})
        if not re.fullmatch(self.pattern, text):
            hint = self.hint(text) if self.hint else None
            shown = text if len(text) <= 60 else f"{text[:57]}…"
            context = {"shown": shown, "expected": self.expected, "hint": hint}
            message = "must be {expected}" if self.quiet else "{shown} is not {expected}"
            raise PydanticCustomError("no_match", message, context)
        return text


def _as_name(text: str) -> str | None:
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return f"for example {name}" if name else None


def _as_reference(text: str) -> str | None:
    if "://" in text:
        return f"leave out {text.split('://', 1)[0]}://"
    if "${" in text:
        return "an image that this file builds is ${image.NAME}"
    if " " in text.strip():
        return "it can't hold spaces"
    lower = re.sub(r"^(.*/)?([^/:@]+)", lambda part: part[0].lower(), text)
    if lower != text and re.fullmatch(_REFERENCE, lower):
        return f"names of images are lower case: {lower}"
    return "it looks like registry.example.com/shop/web:1.2"


_HOST_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:localhost|{_HOST_PART}(?:\.{_HOST_PART})+(?::[0-9]{{1,5}})?|{_HOST_PART}:[0-9]{{1,5}})"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[a-f0-9]{{64}})?"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_BUILT = rf"\$\{{image\.({_LABEL})\}}"

Name = Annotated[
    str,
    Matching(
        pattern=_LABEL,
        expected="a name of lower-case letters, digits and dashes",
        longest=63,
        hint=_as_name,
    ),
]
"""A DNS label, as required for names in Kubernetes and of hosts."""

Variable = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z_][A-Za-z0-9_]*",
        expected="a name of letters, digits and underscores that begins with no digit",
        hint=lambda text: f"for example {re.sub(r'[^A-Za-z0-9_]', '_', text)}" if text[:1].isalpha() else None,
    ),
]
"""The name of an environment variable."""

SecretName = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z_][A-Za-z0-9_]*",
        expected="the name of a secret: letters, digits and underscores, no digit in front",
        hint=lambda _: "the value itself never stands here",
        quiet=True,
    ),
]
"""The name of a secret, and of the variable that holds it."""

Group = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z0-9](?:[A-Za-z0-9._@/-]*[A-Za-z0-9])?",
        expected="the name of a group",
    ),
]

Duration = Annotated[
    str,
    Matching(
        pattern=r"(?:[0-9]{1,6}(?:ms|s|m|h|d)){1,5}",
        expected="a duration",
        longest=40,
        hint=lambda text: "write it like 30s, 10m or 1h30m" + (f": {text}s?" if text.isdecimal() else ""),
    ),
]
"""A time span such as 500ms, 30s, 10m, 1h30m or 2d."""

LONGEST_REFERENCE = 512

ImageReference = Annotated[
    str, Matching(pattern=_REFERENCE, expected="an image reference", longest=LONGEST_REFERENCE, hint=_as_reference)
]

StepImage = Annotated[
    str,
    Matching(
        pattern=rf"{_REFERENCE}|{_BUILT}", expected="an image reference", longest=LONGEST_REFERENCE, hint=_as_reference
    ),
]
"""An image reference, or `${image.NAME}` for an image that the same file builds."""

User = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?",
        expected='a user as in node, "1000" or 1000:1000',
        longest=128,
        hint=lambda text: f'quote it: "{text}"' if text.isdigit() else None,
    ),
]
"""A user of an image and perhaps a group, by name or number."""

RelativePath = Annotated[
    str,
    Matching(
        pattern=r"(?!/)(?!(?:.*/)?\.\.(?:/|$))[^\n\r\\]+",
        expected="a path inside the repository",
        longest=1024,
        hint=lambda _: "it starts at the repository's root, without / in front and without ..",
    ),
]

Glob = Annotated[
    str,
    Matching(
        pattern=r"[^\n\r!][^\n\r]*",
        expected="a glob",
        longest=1024,
        hint=lambda text: "what is left out goes under exclude: {exclude: […]}" if text.startswith("!") else None,
    ),
]
"""`*` and `?` stay within one part of a path, `**` crosses them, `{a,b}` and `[ab]` choose."""


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Accepts 2.0 as an int, like JSON Schema does; comes after the limits: Annotated[int, Field(ge=1), WHOLE]."""

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def duration(text: str) -> timedelta:
    """The time span of a checked Duration."""
    parts = re.findall(r"([0-9]+)(ms|s|m|h|d)", text)
    return sum((int(count) * _UNITS[unit] for count, unit in parts), timedelta())


def is_image(reference: str) -> bool:
    """Whether it is an image reference, as in `ImageReference`."""
    return len(reference) <= LONGEST_REFERENCE and re.fullmatch(_REFERENCE, reference) is not None


def built_image(reference: str) -> str | None:
    """The NAME of `${image.NAME}`, or None for any other reference."""
    match = re.fullmatch(_BUILT, reference)
    return match[1] if match else None
