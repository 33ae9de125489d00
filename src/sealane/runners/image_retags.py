"""Image retags: a ready-made image gets the run's deploy tag by its manifest; no layer is pulled or pushed."""

from __future__ import annotations

from sealane.clients import registry, registry_copy, registry_repository
from sealane.clients.registry_access import OPEN, RegistryAccess
from sealane.images import references
from sealane.images.model import Image


async def retag(*, name: str, source: str, repository: str, tag: str, access: RegistryAccess = OPEN) -> Image:
    """Copies `source`'s manifest to `repository:tag` and returns the image by its digest.

    Key: repository and tag. An existing one stays, so that a run resumed after a crash keeps its image even if the
    source has changed since. Raises the registry client's errors.
    """
    target = references.parse(f"{repository}:{tag}")
    try:
        digest = await registry.digest(target, access)
    except registry_repository.ImageMissing:
        digest = await registry_copy.copy(references.parse(source), target, access)
    return Image(name=name, repository=target.repository, tag=tag, digest=digest)
