"""An image in a registry. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image of a release: the digest is its identity, the deploy tag its name."""

    name: str
    """The name used in stencils: `${image.NAME}`."""
    repository: str
    """Host and path."""
    tag: str
    digest: str
    """`sha256:…` of the manifest (or index) as the registry has it."""

    @property
    def reference(self) -> str:
        """The reference used after the build: by digest, so that nobody can change what it points to."""
        return f"{self.repository}@{self.digest}"
