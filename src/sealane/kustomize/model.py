"""Requests to Kustomize and its results. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.configfiles.documents import Document
from sealane.configfiles.documents import Path as FieldPath
from sealane.findings import Finding, Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Kustomization:
    """A folder with a `kustomization.yaml`, and all files of the repository that it is built from."""

    folder: str
    file: str
    """Its `kustomization.yaml`."""
    place: Place
    """Where the formation names the folder."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """By their path in the repository: those of its bases and components, too."""
    parsed: Mapping[str, tuple[Document, ...]] = field(default_factory=dict, repr=False)
    """Those of the files that say what Kustomize does: kustomizations, and transformers."""

    @property
    def value(self) -> Mapping[str, Any]:
        """Its `kustomization.yaml`."""
        value: Mapping[str, Any] = self.parsed[self.file][0].value
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildResult:
    """How `kustomize build` ended."""

    printed: str = ""
    complaint: str | None = None
    """Its error output when it failed; None when it built the folder."""
    problem: tuple[str, str] | None = None
    """Why it could not be run or did not end, and what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltObject:
    """One object that Kustomize printed, and where the repository has it and its fields."""

    value: Any
    place: Place
    places: Mapping[FieldPath, Place] = field(default_factory=dict, repr=False)
    """Those of its fields that its file has with the same value; the empty path is the object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """What was printed for one folder."""

    objects: tuple[BuiltObject, ...] = ()
    findings: tuple[Finding, ...] = ()
