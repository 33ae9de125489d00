"""The port of dialects: formats of a pipeline, each with its own files and its own way to read them. Pure."""

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
    """Wrong names that people give these files, and that Sealane does not read."""
    folders: tuple[str, ...] = ()
    """Folders in which the format may have several files, which Sealane does not read."""
    read: Callable[[str, str], tuple[Pipeline | None, list[Finding]]]
    """The pipeline of a text, unless it has findings of severity error; the file's name is for places."""
