"""References in a registry's manifest or index (image-spec v1.1, manifest.md, image-index.md). Pure.

A registry, and whoever pushed there, may have written anything: everything outside the specification is refused, so
that no digest leads to another address and no list is endless.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec

from sealane import typed_data
from sealane.images import references

LARGEST = 4 * 1024 * 1024
"""Most bytes of a manifest or an image's configuration; registries accept no larger manifests either."""
MOST = 500
"""Most manifests of one index: one for each platform, and its attestations."""


class Part(msgspec.Struct):
    """A manifest, a configuration or a layer, by its digest."""

    digest: Annotated[str, msgspec.Meta(pattern=rf"\A(?:{references.DIGEST})\Z")]
    size: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    urls: list[str] | None = None
    """Other addresses of the layer; such a layer is not copied."""
    media_type: str | None = msgspec.field(name="mediaType", default=None)


class Manifest(msgspec.Struct):
    """The parts of an image or an index of images."""

    manifests: Annotated[list[Part], msgspec.Meta(max_length=MOST)] | None = None
    config: Part | None = None
    layers: list[Part] | None = None

    @property
    def blobs(self) -> tuple[Part, ...]:
        """The blobs to copy with it."""
        named = (*([self.config] if self.config else ()), *(self.layers or ()))
        return tuple(part for part in named if not part.urls)


def read(body: bytes) -> Manifest:
    """The content of a manifest. Raises ValueError with the reason for an invalid one."""
    try:
        return typed_data.from_json(body, Manifest)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ValueError(str(error)[:200]) from error


def is_of(digest: str, body: bytes) -> bool:
    """Whether the bytes match the digest."""
    kind, _, named = digest.partition(":")
    return kind in {"sha256", "sha512"} and hashlib.new(kind, body).hexdigest() == named


def digest_of(body: bytes) -> str:
    """The SHA-256 digest of the bytes."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
