"""Health checks of a formation for kinds that Sealane can't judge by itself. Pure: CEL knows nothing about clusters.

An expression sees the live object as `object`, as in Kubernetes' own policies. If it has no value, because a field is
missing, the object is not ready.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sealane.clients import cel_errors
from sealane.findings import Finding, Place, nearest

if TYPE_CHECKING:
    from sealane.clients import cel

_NAMES = {"object": "dyn"}
_LONGEST = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """How to read the health of objects of one kind."""

    kind: str
    group: str | None = None
    """None: the kind in any group."""
    ready: str
    failed: str | None = None
    message: str | None = None
    """The message about an object that is not ready, or has failed."""

    def fits(self, group: str, kind: str) -> bool:
        """Whether it is about this kind."""
        return self.kind == kind and self.group in (None, group)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "kind": self.kind,
            "group": self.group,
            "ready": self.ready,
            "failed": self.failed,
            "message": self.message,
        }


class State(StrEnum):
    """The result of a check."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


class Compiled:
    """A compiled check. Raises Uncompilable for what `problems` returns as findings."""

    def __init__(self, check: HealthCheck) -> None:
        self.check = check
        self._ready = _compiled(check.ready)
        self._failed = _compiled(check.failed) if check.failed else None
        self._message = _compiled(check.message) if check.message else None

    def ask(self, manifest: Mapping[str, Any]) -> tuple[State, str]:
        """The object's state, and the message about it."""
        bound = _language().bind({"object": manifest})
        if self._failed and _value(self._failed, bound)[0] is True:
            return State.FAILED, self._words(bound) or "its check says that it has failed"
        value, trouble = _value(self._ready, bound)
        if value is True:
            return State.READY, "its check says that it is ready"
        if trouble is None and not isinstance(value, bool):
            trouble = "it gives neither true nor false"
        waits = f"its check has no answer yet: {trouble}" if trouble else "its check says that it is not ready"
        return State.WAITING, self._words(bound) or waits

    def _words(self, bound: cel.Bindings) -> str:
        value = _value(self._message, bound)[0] if self._message else None
        return value[:_LONGEST] if isinstance(value, str) else ""


def problems(check: HealthCheck, place: Callable[[str], Place]) -> Iterator[Finding]:
    """Findings about its expressions; `place` gives the place of a key's value."""
    for key, wanted in (("ready", "bool"), ("failed", "bool"), ("message", "string")):
        source = getattr(check, key)
        if source is None:
            continue
        try:
            result = _compiled(source).result
        except cel_errors.Uncompilable as error:
            yield from _findings(error, source, place(key))
            continue
        if result not in (wanted, "dyn"):
            message = f"{key} must give {'true or false' if wanted == 'bool' else 'a text'}, and this gives {result}"
            hint = "compare it with something" if wanted == "bool" else "wrap it in string(…)"
            yield Finding(message=message, place=place(key), hint=hint)


def _findings(error: cel_errors.Uncompilable, source: str, place: Place) -> Iterator[Finding]:
    for line, column, message in error.complaints:
        at = f"line {line}, column {column}" if "\n" in source else f"column {column}"
        words = message.removesuffix(" (in container '')")
        hint = None
        if "undeclared reference to '" in message:
            name = message.split("'")[1]
            near = nearest(name.partition(".")[0], _NAMES)
            hint = f"did you mean {near}?" if near else f"what is looked at is called object: object.{name}"
        yield Finding(message=f"{words}, at {at} of the expression", place=place, hint=hint)


def _value(expression: cel.Expression, bound: cel.Bindings) -> tuple[Any, str | None]:
    """The value, or why there is none."""
    try:
        return expression.evaluate(bound), None
    except cel_errors.EvaluationError as error:
        return None, error.message


@functools.cache
def _language() -> cel.Language:
    from sealane.clients import cel  # few formations have checks, and the engine takes time to load

    return cel.Language(())


@functools.lru_cache(maxsize=256)
def _compiled(source: str) -> cel.Expression:
    return _language().compile(source, _NAMES)
