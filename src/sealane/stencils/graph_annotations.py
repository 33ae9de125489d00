"""Annotations: metric stores that are told how a deployment ended. Pure: plain values, msgspec-convertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec


class Board(StrEnum):
    """What shows the annotation."""

    GRAFANA = "grafana"
    DATADOG = "datadog"
    INFLUXDB = "influxdb"


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotation:
    """One store that is told."""

    name: str
    board: Board
    url: str
    database: str | None = None
    """InfluxDB: the database."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Name of each credential (`token`, `key`) to the reference of its secret."""


def plain(annotations: tuple[Annotation, ...]) -> Any:
    """As plain data."""
    return msgspec.to_builtins(annotations)


def from_plain(data: Any) -> tuple[Annotation, ...]:
    """What `plain` gave."""
    return msgspec.convert(data, tuple[Annotation, ...])
