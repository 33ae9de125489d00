"""The port of dialects: ways to write a pipeline, each with files and a reading of its own. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sealane.findings import Finding
from sealane.pipelines.model import Pipeline


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One line of the table of dialects."""

    files: tuple[str, ...]
    """Names of its files in an app's folder."""
    misnamed: tuple[str, ...] = ()
    """Names that people give them, and that nothing looks for."""
    read: Callable[[str, str], tuple[Pipeline | None, list[Finding]]]
    """The pipeline that a text means, unless findings of severity error stand in its way; the file's name is for places."""
