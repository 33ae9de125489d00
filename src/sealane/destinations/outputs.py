"""What formations give to others: outputs of their configurations. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """What one configuration gives to other formations."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()
    """Names of those whose values are not kept."""
    too_large: tuple[str, ...] = ()
    """Names of those that are too large to be kept."""


class OutputSource(Protocol):
    """Tells what deployed formations give to others."""

    def outputs(self, app: str, formation: str, *, namespace: str) -> tuple[Outputs, ...]:
        """Those of its last good deployment, one for each configuration; none of what belongs to another formation.

        Raises errors.Unavailable.
        """
        ...
