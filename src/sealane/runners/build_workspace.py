"""The inputs of an image build: where, under which name, and what the engine may fetch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sealane.clients import build_sources, image_build
from sealane.clients.build_sources import Fetching
from sealane.clients.registry_access import OPEN, RegistryAccess


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildWorkspace:
    """Where and under which name a run builds.

    `root`: a folder whose path no step can change. `inside`: the app's folder in it. `repository`: the registry's host and
    path before each image's name. `secrets`: values of the secrets that a build may mount.
    """

    engine: str = ""
    """URL of the engine's socket, for a builder that is an engine."""
    root: Path
    repository: str
    tag: str
    labels: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    access: RegistryAccess = OPEN
    fetching: Fetching = build_sources.OPEN
    """Where the engine may fetch from."""
    inside: str = ""
    patience: float = image_build.PATIENCE
    """Seconds for a build, and for a push."""
    key: str = ""
    """Marks the app's layers and cache folders as its own; empty on a person's own machine."""
