"""Writing an image of one layer as an OCI archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Final

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_MEDIA: Final = "application/vnd.oci.image"
MANIFEST: Final = f"{_MEDIA}.manifest.v1+json"


def write_archive(target: Path, *, layer: bytes, name: str, command: list[str]) -> None:
    """Write the image called `name`, made of the uncompressed tar `layer`, to `target`.

    The same layer gives the same digest: nothing in it depends on the time or the machine.
    """
    packed = gzip.compress(layer, compresslevel=6, mtime=0)
    config = {
        "created": "1970-01-01T00:00:00Z",
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Cmd": command,
            "WorkingDir": "/",
        },
        # Builders refuse a base whose history does not account for its layers.
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "testbed"}],
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    blobs: dict[str, bytes] = {}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _kept(blobs, json.dumps(config).encode(), f"{_MEDIA}.config.v1+json"),
        "layers": [_kept(blobs, packed, f"{_MEDIA}.layer.v1.tar+gzip")],
    }
    described = _kept(blobs, json.dumps(manifest).encode(), MANIFEST)
    # Podman and skopeo read the first name, containerd the second.
    names = {"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name}
    index = {"schemaVersion": 2, "manifests": [{**described, "annotations": names}]}
    files = {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps(index).encode(),
        **{f"blobs/sha256/{digest}": content for digest, content in blobs.items()},
    }
    unfinished = target.with_name(f".{target.name}.unfinished")
    with tarfile.open(unfinished, "w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    unfinished.replace(target)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _kept(blobs: dict[str, bytes], content: bytes, media_type: str) -> dict[str, object]:
    digest = _digest(content)
    blobs[digest.removeprefix("sha256:")] = content
    return {"mediaType": media_type, "digest": digest, "size": len(content)}
