"""References to outputs in a formation's values: `tofu:FORMATION#OUTPUT`, and what they stand for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealane.configfiles.documents import Path
from sealane.formations.model import Formation

SCHEME = "tofu:"
_WRITTEN = re.compile(r"tofu:([^#\s]*)#(\S*)")


@dataclass(frozen=True, slots=True)
class OutputReference:
    """An output of another formation of the same app."""

    formation: str
    output: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.formation}#{self.output}"


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedOutput:
    """An output that values name, where its formation is, and what it was when it was looked up."""

    formation: str
    output: str
    destination: str
    namespace: str
    known: bool = False
    """Whether it had a value. Without one the reference itself stands in its place, and the revision is not deployed."""
    value: Any = None

    @property
    def reference(self) -> OutputReference:
        """As values name it."""
        return OutputReference(self.formation, self.output)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        place = {"destination": self.destination, "namespace": self.namespace}
        return {
            "formation": self.formation,
            "output": self.output,
            **place,
            **({"known": True, "value": self.value} if self.known else {}),
        }


def of(formation: Formation) -> dict[Path, OutputReference]:
    """The references in its values, by their place in the file. A value is one as a whole, or not at all."""
    return dict(_references(formation.values, ("values",)))


def replaced(values: Mapping[str, Any], outputs: Iterable[NamedOutput]) -> dict[str, Any]:
    """The values with outputs in place of references to them; one without a value stays as it is written."""
    known = {output.reference: output.value for output in outputs if output.known}
    return {name: _replaced(value, known) for name, value in values.items()} if known else dict(values)


def nearly(value: Any) -> bool:
    """Whether it reads like a reference that lacks its output."""
    return isinstance(value, str) and value.startswith(SCHEME) and not _WRITTEN.fullmatch(value)


def _references(value: Any, path: Path) -> Iterator[tuple[Path, OutputReference]]:
    if reference := _reference(value):
        yield path, reference
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _references(item, (*path, name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _references(item, (*path, index))


def _replaced(value: Any, known: Mapping[OutputReference, Any]) -> Any:
    if reference := _reference(value):
        return known.get(reference, value)
    if isinstance(value, Mapping):
        return {name: _replaced(item, known) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, known) for item in value]
    return value


def _reference(value: Any) -> OutputReference | None:
    written = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    return OutputReference(written[1], written[2]) if written else None
