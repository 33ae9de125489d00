"""Copies of images between repositories by manifest; layers that exist stay where they are."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import urljoin

from sealane.clients import image_manifests, registry
from sealane.clients.registry_access import OPEN, Line, RegistryAccess
from sealane.clients.registry_repository import RegistryDenied, Repository, Stream
from sealane.images.references import Reference

_CHUNK = 1024 * 1024
_DEEPEST = 3
"""Most levels of nested indexes."""


async def copy(source: Reference, target: Reference, access: RegistryAccess = OPEN) -> str:
    """Copies the source's manifest and its blobs to the target's tag; returns the digest.

    Blobs that the target has are left alone; those of the same registry are mounted, others streamed through. Copying
    again changes nothing. Raises what `digest` raises.
    """

    def carry(line: Line) -> str:
        with closing(Repository(source, access, line)) as old, closing(Repository(target, access, line)) as new:
            return _ImageCopy(old, new).run()

    return await registry.in_time(source.host, access, carry)


class _ImageCopy:
    def __init__(self, old: Repository, new: Repository) -> None:
        self.old, self.new = old, new
        self.source, self.target = old.reference, new.reference

    def run(self) -> str:
        return self._manifest(self.source.pointer, self.target.tag, deepest=_DEEPEST)

    def _manifest(self, pointer: str, tag: str | None, *, deepest: int) -> str:
        body, kind = self.old.manifest(pointer)
        try:
            manifest = image_manifests.read(body)
        except ValueError as error:
            raise RegistryDenied(f"{self.source} has no manifest of an image: {error}") from error
        if manifest.manifests and not deepest:
            raise RegistryDenied(f"{self.source} has indexes in indexes, more than {_DEEPEST} deep")
        for child in manifest.manifests or ():
            self._manifest(child.digest, None, deepest=deepest - 1)
        for blob in manifest.blobs:
            self._blob(blob)
        digest = image_manifests.digest_of(body)
        self.new.ask("PUT", f"manifests/{tag or digest}", expect=(201,), data=body, headers={"Content-Type": kind})
        return digest

    def _blob(self, part: image_manifests.Part) -> None:
        if self.new.ask("HEAD", f"blobs/{part.digest}", expect=(200, 404)).status_code == 200:
            return
        same = self.source.host == self.target.host
        wish = {"mount": part.digest, "from": self.source.path} if same else {}
        begun = self.new.ask("POST", "blobs/uploads/", params=wish, expect=(201, 202))
        if begun.status_code == 201:
            return
        with self.old.ask("GET", f"blobs/{part.digest}", stream=True) as blob:
            place = urljoin(begun.url, begun.headers["Location"])
            headers = {"Content-Type": "application/octet-stream"}
            chunks = blob.raw.stream(_CHUNK, decode_content=False)
            body = Stream(self.source.host, chunks, part.size)
            self.new.ask("PUT", place, expect=(201,), params={"digest": part.digest}, data=body, headers=headers)
