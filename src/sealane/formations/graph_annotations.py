"""Graph annotations: metric stores that are told how a deployment ended. Pure: plain values, msgspec-convertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sealane import typed_data


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """One store that is told."""

    name: str
    board: str
    """Its key in the table of metric stores."""
    url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """What only this store has, as plain data."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Name of each credential to the reference of its secret."""


def plain(annotations: tuple[Annotation, ...]) -> Any:
    """As plain data."""
    return msgspec.to_builtins(annotations)


def from_plain(data: Any) -> tuple[Annotation, ...]:
    """What `plain` gave."""
    return typed_data.convert(data, tuple[Annotation, ...])
