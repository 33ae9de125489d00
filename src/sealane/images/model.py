"""What an image is once it stands in a registry. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image of a release: the digest is its identity, the deploy tag its name."""

    name: str
    """The word used in stencils: `${image.NAME}`."""
    repository: str
    """Host and path."""
    tag: str
    digest: str
    """`sha256:…` of the manifest (or index) as the registry has it."""

    @property
    def reference(self) -> str:
        """What everything after the build uses: by digest, so that nobody can move it."""
        return f"{self.repository}@{self.digest}"
