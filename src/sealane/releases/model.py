"""Releases: the immutable result of one run. Pure: knows nothing about registries, clusters or the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sealane.images.bundle import Bundle
from sealane.images.model import Image


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """Immutable: an app at a commit, and what was built from it under one deploy tag, by a run or somewhere else."""

    id: str
    app: str
    commit: str
    """The full hash."""
    deploy_tag: str
    images: Mapping[str, Image]
    """Name in the pipeline to the image."""
    created: datetime
    bundle: Bundle | None = None

    @property
    def references(self) -> Mapping[str, str]:
        """Name of each image to its reference by digest: the words `${image.NAME}`."""
        return {name: image.reference for name, image in self.images.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the store and for workflows."""
        return {
            "id": self.id,
            "app": self.app,
            "commit": self.commit,
            "deploy_tag": self.deploy_tag,
            "images": {
                name: {"name": image.name, "repository": image.repository, "tag": image.tag, "digest": image.digest}
                for name, image in self.images.items()
            },
            "created": self.created.isoformat(),
            **({"bundle": {"bucket": self.bundle.bucket, "key": self.bundle.key}} if self.bundle else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The release that `to_json` gave."""
        images = {name: Image(**image) for name, image in data["images"].items()}
        bundle = Bundle(**data["bundle"]) if data.get("bundle") else None
        created = datetime.fromisoformat(data["created"])
        return cls(**{**data, "images": images, "created": created, "bundle": bundle})
