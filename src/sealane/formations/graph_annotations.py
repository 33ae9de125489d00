"""Graph annotations: metric stores that receive the result of a deployment. Pure: plain values, msgspec-convertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sealane import typed_data


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """One store that receives results."""

    name: str
    board: str
    """Its key in the table of metric stores."""
    url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """The store's own options, as plain data."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The secret's reference for each credential, by name."""


def plain(annotations: tuple[Annotation, ...]) -> Any:
    """As plain data."""
    return msgspec.to_builtins(annotations)


def from_plain(data: Any) -> tuple[Annotation, ...]:
    """What `plain` gave."""
    return typed_data.convert(data, tuple[Annotation, ...])
