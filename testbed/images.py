"""The base images, made from this machine's packages and kept as archives."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from testbed.commands import run
from testbed.layout import BUSYBOX_IMAGE, LOOPBACK, PAUSE_IMAGE, PYTHON_IMAGE, REGISTRY_PORT, Layout
from testbed.oci import MANIFEST, write_archive
from testbed.probes import answers
from testbed.progress import Progress

_BUSYBOX: Final = Path("/bin/busybox")
_PASSWD: Final = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_GROUP: Final = b"root:x:0:\nnogroup:x:65534:\n"

# Raise when a recipe below changes, so that cached archives are made anew.
_RECIPES: Final = "2"
_UNNEEDED: Final = (
    *(f"usr/share/{name}" for name in ("doc", "man", "info", "locale", "zoneinfo", "lintian", "pixmaps", "perl*")),
    *("usr/share/bash-completion", "usr/lib/*/perl*", "usr/lib/*/gconv", "usr/bin/perl*"),
    *("usr/lib/python3*/test", "usr/lib/python3*/pydoc_data"),
    *("var/cache/*", "var/lib/apt", "var/lib/dpkg/info", "var/log/*", "dev/*"),
)


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """An image that is there before anything was built."""

    name: str
    key: str
    """What, besides the recipe, decides what is in it."""
    command: tuple[str, ...]
    make_layer: Callable[[], bytes]

    def archive(self, layout: Layout) -> Path:
        """Where the finished image is kept."""
        of = hashlib.sha256(f"{_RECIPES} {self.name} {self.key}".encode()).hexdigest()[:12]
        return layout.cache / "images" / f"{self.name.rpartition('/')[2].replace(':', '-')}-{of}.tar"


def served() -> tuple[BaseImage, ...]:
    """The images that tests build on, in the registry and in the engine."""
    return (
        BaseImage(name=BUSYBOX_IMAGE, key=_busybox_key(), command=("/bin/sh",), make_layer=_busybox_layer),
        BaseImage(name=PYTHON_IMAGE, key="bookworm", command=("python3",), make_layer=_python_layer),
    )


def pause() -> BaseImage:
    """The image that holds a pod's namespaces."""
    return BaseImage(
        name=PAUSE_IMAGE, key=_busybox_key(), command=("/bin/sleep", "2147483647"), make_layer=_busybox_layer
    )


def make(layout: Layout, wanted: tuple[BaseImage, ...], progress: Progress | None = None) -> None:
    """Make the archives that are missing."""
    for image in wanted:
        archive = image.archive(layout)
        if archive.exists():
            continue
        name = image.name.rpartition("/")[2]
        if progress:
            progress.tell("images", f"making {name}")
        else:
            print(f"making the image {name}, done once", flush=True)
        archive.parent.mkdir(parents=True, exist_ok=True)
        write_archive(archive, layer=image.make_layer(), name=image.name, command=list(image.command))
    if progress:
        progress.tell("images", "made")


def push(layout: Layout, image: BaseImage) -> None:
    """Put `image` into the bed's registry."""
    run(["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"oci-archive:{image.archive(layout)}",
         f"docker://{image.name}"])  # fmt: skip


def served_by_registry(image: BaseImage) -> bool:
    """Say whether the bed's registry has `image`."""
    path, _, tag = image.name.partition("/")[2].rpartition(":")
    return answers(f"http://{LOOPBACK}:{REGISTRY_PORT}/v2/{path}/manifests/{tag}", accept=MANIFEST)


def _busybox_key() -> str:
    return hashlib.sha256(_BUSYBOX.read_bytes()).hexdigest()


def _busybox_layer() -> bytes:
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("tmp", 0o1777), ("usr", 0o755)):
            _add_folder(tar, folder, mode)
        _add_link(tar, "usr/bin", "../bin")
        _add_link(tar, "sbin", "bin")
        _add_file(tar, "bin/busybox", _BUSYBOX.read_bytes(), 0o755)
        for applet in run([_BUSYBOX, "--list"]).split():
            if applet != "busybox":
                _add_link(tar, f"bin/{applet}", "busybox")
        _add_file(tar, "etc/passwd", _PASSWD, 0o644)
        _add_file(tar, "etc/group", _GROUP, 0o644)
    return layer.getvalue()


def _python_layer() -> bytes:
    """Debian with Python, less its documents, package lists and Perl."""
    mirror = os.environ.get("SEALANE_TESTBED_DEBIAN_MIRROR")
    with tempfile.TemporaryDirectory(prefix="sealane-bed-") as folder:
        whole = Path(folder) / "whole.tar"
        # It is thrown away when the power fails, so nothing has to reach the disk file by file.
        run(["mmdebstrap", "--mode=root", "--variant=essential", "--include=python3", "--dpkgopt=force-unsafe-io", "--quiet",
             "bookworm", whole, *([mirror] if mirror else [])], within=1200)  # fmt: skip
        layer = io.BytesIO()
        with tarfile.open(whole) as source, tarfile.open(fileobj=layer, mode="w") as tar:
            for entry in source:
                # A hard link to something left out would dangle.
                if _unneeded(entry.name) or (entry.islnk() and _unneeded(entry.linkname)):
                    continue
                entry.mtime = 0
                tar.addfile(entry, source.extractfile(entry) if entry.isreg() else None)
            _add_link(tar, "usr/bin/python", "python3")
        return layer.getvalue()


def _unneeded(path: str) -> bool:
    # A pattern's star takes slashes too, so that it covers what lies below.
    name = path.removeprefix("./")
    return any(fnmatch(name, pattern) or fnmatch(name, f"{pattern}/*") for pattern in _UNNEEDED)


def _add_folder(tar: tarfile.TarFile, path: str, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)


def _add_link(tar: tarfile.TarFile, path: str, target: str) -> None:
    entry = tarfile.TarInfo(path)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _add_file(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
