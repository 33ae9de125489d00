"""The context of a build as a tar, less what its ignore file leaves out.

Engines read ignore files a second time, by rules of their own; they are given files that leave out only what is ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import docker.utils.build

from sealane.errors import UsageError
from sealane.images import ignores

_DOCKERFILE = ".sealane-dockerfile"
_FOR_PODMAN = ".containerignore"
_FOR_DOCKER = ".dockerignore"


def pack(context: Path, dockerfile: Path, mounted: Mapping[str, str], archive: IO[bytes], *, podman: bool) -> str:
    """Writes the tar, with `mounted` files beside the context's own; gives the Dockerfile's name in it.

    Raises UsageError for a context or an ignore file that can't be read.
    """
    root = context.resolve()
    try:
        text, rules = _ignored(root, dockerfile)
        files = sorted(_kept(root, "", rules, ()))
        name = _name_in(root, dockerfile, files)
        extra = dict(mounted)
        if podman or name is None:
            name = _DOCKERFILE
            extra[name] = dockerfile.read_text()
            extra |= _ignoring_ours(text, files, podman=podman)
        docker.utils.build.create_archive(str(root), files, archive, extra_files=list(extra.items()))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the build context {context} can't be read: {error}") from error
    archive.seek(0)
    return name


def _ignored(root: Path, dockerfile: Path) -> tuple[str, ignores.Rules]:
    """The one ignore file that counts: the Dockerfile's own, else the context's."""
    own = [Path(path) for path in ignores.beside(str(dockerfile))]
    for path in [*own, *(root / name for name in ignores.ROOT_FILES)]:
        within = path.resolve()
        if not path.is_file() or not (within.is_relative_to(root) or within.parent == dockerfile.resolve().parent):
            continue
        text = path.read_text("utf-8")
        try:
            return text, ignores.parse(text)
        except ignores.BadLine as error:
            raise UsageError(
                f"{path.name}: {error}", mend="one pattern a line; ! before it keeps what matches"
            ) from error
    return "", ignores.Rules()


def _kept(root: Path, folder: str, rules: ignores.Rules, above: tuple[bool, ...]) -> Iterator[str]:
    """Paths of files and folders below a folder that stay in the context; links are taken as links."""
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            matching = rules.matching(path, above)
            out = rules.leave_out(matching)
            if not out:
                yield path
            if entry.is_dir(follow_symlinks=False) and (not out or rules.keep_some):
                yield from _kept(root, path, rules, matching)


def _name_in(root: Path, dockerfile: Path, files: list[str]) -> str | None:
    """The Dockerfile's name in the context; None when it is elsewhere, or left out for the image's sake."""
    real = dockerfile.resolve()
    name = str(real.relative_to(root)) if real.is_relative_to(root) else None
    return name if name in files else None


def _ignoring_ours(text: str, files: list[str], *, podman: bool) -> dict[str, str]:
    """An ignore file that keeps our own files out of the image, and nothing that was not left out before."""
    if podman:
        return {_FOR_PODMAN: f"/{_FOR_PODMAN}\n/{_DOCKERFILE}\n"}
    itself = "" if _FOR_DOCKER in files else f"/{_FOR_DOCKER}\n"
    return {_FOR_DOCKER: f"{text}\n/{_DOCKERFILE}\n{itself}"}
