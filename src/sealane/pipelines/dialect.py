"""The port of dialects: formats of a pipeline, each with its own files and its own way to read them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sealane.findings import Finding
from sealane.pipelines.model import Pipeline

Texts = Mapping[str, str]
"""The text of each file, by its path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One line of the table of dialects."""

    files: tuple[str, ...]
    """Names of its files in an app's folder."""
    misnamed: tuple[str, ...] = ()
    """Wrong names that people give these files, and that Sealane does not read."""
    folders: tuple[str, ...] = ()
    """Folders whose YAML files are one pipeline together; each comes before `files`."""
    read: Callable[[Texts], tuple[Pipeline | None, list[Finding]]]
    """The pipeline of one file, or of all files of a folder, unless it has findings of severity error."""
