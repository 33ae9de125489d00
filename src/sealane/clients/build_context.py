"""The context of a build as a tar, without the files that its ignore file excludes.

Steps may change the workspace during packing: all files are opened by descriptors, below the first folder, and links
are packed as links. Engines apply ignore files a second time, by their own rules; they get files that only exclude
Sealane's own.
"""

from __future__ import annotations

import errno
import io
import os
import posixpath
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sealane import descriptors
from sealane.errors import UsageError
from sealane.images import ignores

_DOCKERFILE = ".sealane-dockerfile"
_FOR_PODMAN = ".containerignore"
_FOR_DOCKER = ".dockerignore"
_LARGEST_TEXT = 16 * 1024 * 1024
_DEEPEST = 200
_LATEST = 8**11 - 1
_TRIES = 50
"""How often to look again at an entry that was replaced at that moment."""
_EXCHANGED = {errno.ELOOP, errno.ENOTDIR, errno.EINVAL, errno.EXDEV}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The sources of an image."""

    root: Path
    """A folder whose path no step can change."""
    inside: str = ""
    """The app's folder in it; no path leads out of it."""
    context: str = "."
    """Relative to the app's folder, like the Dockerfile."""
    dockerfile: str = "Dockerfile"
    rewrite: Callable[[bytes], bytes] | None = None
    """Rewrites the Dockerfile; the build uses the text that was read here. Raises UsageError for one that may not be
    built."""


def pack(
    source: Source, mounted: Mapping[str, str], archive: IO[bytes], *, podman: bool, apart: bool = False
) -> tuple[str, bytes]:
    """Writes the tar, `mounted` files beside the context's; returns the Dockerfile's name in it and its text.

    With `apart` the build uses the text that was read, even if the file changes later. Raises UsageError for a context,
    a Dockerfile or an ignore file that can't be read.
    """
    with _app(source) as app:
        dockerfile, text = _dockerfile(app, source.dockerfile)
        if source.rewrite is not None:
            text = source.rewrite(text)
        with _opened(app, source.context, "the build context") as context:
            if not stat.S_ISDIR(os.fstat(context.descriptor).st_mode):
                raise UsageError(f"the build context {source.context} is no folder")
            ignored, rules = _ignored(app, source)
            name = _name_in(context.path, dockerfile, rules)
            extra = {file: value.encode() for file, value in mounted.items()}
            if podman or apart or name is None or source.rewrite is not None:
                name = _DOCKERFILE
                extra[name] = text
                itself = _is_there(context.descriptor, _FOR_DOCKER) and rules.keeps((_FOR_DOCKER,))
                extra |= _ignoring_ours(ignored, keeps_itself=itself, podman=podman)
            with tarfile.open(mode="w", fileobj=archive) as tar:
                _Packing(tar, rules, extra, podman=podman).pack(context.descriptor)
    archive.seek(0)
    return name, text


@contextmanager
def _app(source: Source) -> Iterator[int]:
    """The app's folder, without links on the way to it."""
    try:
        with descriptors.folder(source.root) as root, descriptors.reached(root, source.inside) as app:
            yield app.descriptor
    except OSError as error:
        raise UsageError(f"the workspace {source.inside or source.root} can't be read: {_why(error)}") from error


@contextmanager
def _opened(app: int, path: str, kind: str) -> Iterator[descriptors.Opened]:
    try:
        way = descriptors.reached(app, path, links=True)
        opened = way.__enter__()
    except descriptors.LeadsOut as error:
        raise UsageError(f"{path} leads out of the repository") from error
    except OSError as error:
        raise UsageError(f"{kind} {path} can't be read: {_why(error)}") from error
    try:
        yield opened
    finally:
        way.__exit__(None, None, None)


def _dockerfile(app: int, path: str) -> tuple[tuple[str, ...], bytes]:
    """Its path without links, and its text."""
    try:
        with descriptors.reached(app, path, links=True) as opened:
            if stat.S_ISREG(os.fstat(opened.descriptor).st_mode):
                return opened.path, _text(opened.descriptor, path)
    except descriptors.LeadsOut as error:
        raise UsageError(f"{path} leads out of the repository") from error
    except (FileNotFoundError, NotADirectoryError, descriptors.NotPlain):
        pass
    except OSError as error:
        raise UsageError(f"{path} can't be read: {_why(error)}") from error
    raise UsageError(f"there is no {path} to build by", hint="`dockerfile:` names another file")


def _text(descriptor: int, path: str) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        content = file.read(_LARGEST_TEXT + 1)
    if len(content) > _LARGEST_TEXT:
        raise UsageError(f"{path} has more than {_LARGEST_TEXT} bytes")
    return content


def _ignored(app: int, source: Source) -> tuple[str, ignores.Rules]:
    """The one ignore file that applies: the Dockerfile's own, else the context's. One outside the context is none."""
    for path in [*ignores.beside(source.dockerfile), *(f"{source.context}/{name}" for name in ignores.ROOT_FILES)]:
        try:
            with descriptors.reached(app, path, links=True) as opened:
                if not stat.S_ISREG(os.fstat(opened.descriptor).st_mode):
                    continue
                text = _text(opened.descriptor, path).decode()
            return text, ignores.parse(text)
        except (FileNotFoundError, NotADirectoryError, descriptors.LeadsOut, descriptors.NotPlain):
            continue
        except ignores.BadLine as error:
            hint = "one pattern a line; ! before it keeps what matches"
            raise UsageError(f"{path.rpartition('/')[2]}: {error}", hint=hint) from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
        except OSError as error:
            raise UsageError(f"{path} can't be read: {_why(error)}") from error
    return "", ignores.Rules()


def _name_in(context: tuple[str, ...], dockerfile: tuple[str, ...], rules: ignores.Rules) -> str | None:
    """The Dockerfile's name in the context; None if it is outside, or excluded from the image."""
    inside = dockerfile[len(context) :]
    if dockerfile[: len(context)] != context or not rules.keeps(inside):
        return None
    return "/".join(inside)


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _ignoring_ours(text: str, *, keeps_itself: bool, podman: bool) -> dict[str, bytes]:
    """An ignore file that only keeps Sealane's own files out of the image."""
    if podman:
        return {_FOR_PODMAN: f"/{_FOR_PODMAN}\n/{_DOCKERFILE}\n".encode()}
    itself = "" if keeps_itself else f"/{_FOR_DOCKER}\n"
    return {_FOR_DOCKER: f"{text}\n/{_DOCKERFILE}\n{itself}".encode()}


def _leads_out(path: str, target: str) -> bool:
    """Whether Podman refuses a link there, which it does with an empty answer.

    It joins the target to the link's folder, even if it begins with `/` (`breakoutError` in containers/storage).
    """
    return posixpath.normpath(f"{posixpath.dirname(path) or '.'}/{target}").partition("/")[0] == ".."


class _Packing:
    """Fills a tar with a folder. Leaves out files that vanish before they are read, sockets and devices."""

    def __init__(self, tar: tarfile.TarFile, rules: ignores.Rules, extra: Mapping[str, bytes], *, podman: bool) -> None:
        self._tar = tar
        self._rules = rules
        self._extra = extra
        self._podman = podman
        self._linked: dict[tuple[int, int], str] = {}
        """Paths of files with several names, by device and inode."""

    def pack(self, context: int) -> None:
        try:
            self._below(context, "", (), 0)
        except OSError as error:
            raise UsageError(f"the build context can't be read: {_why(error)}") from error
        for name, content in self._extra.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            self._tar.addfile(info, io.BytesIO(content))

    def _below(self, folder: int, above: str, matching: tuple[bool, ...], depth: int) -> None:
        if depth > _DEEPEST:
            raise UsageError(f"the build context is nested more than {_DEEPEST} folders deep: {above[:100]}…")
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            path = f"{above}/{name}" if above else name
            if path in self._extra:
                continue
            matched = self._rules.matching(path, matching)
            self._entry(folder, name, path, matched, depth)

    def _entry(self, folder: int, name: str, path: str, matching: tuple[bool, ...], depth: int) -> None:
        """Adds one entry; looks again if it was replaced between two looks."""
        for _ in range(_TRIES):
            try:
                self._packed(folder, name, path, matching, depth)
            except FileNotFoundError:
                return
            except OSError as error:
                if error.errno not in _EXCHANGED:
                    raise UsageError(f"{path} in the build context can't be read: {_why(error)}") from error
            else:
                return
        raise UsageError(f"{path} in the build context changes while it is read", hint=_HINT)

    def _packed(self, folder: int, name: str, path: str, matching: tuple[bool, ...], depth: int) -> None:
        out = self._rules.leave_out(matching)
        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(about.st_mode) or (stat.S_ISREG(about.st_mode) and not out):
            with descriptors.reached(folder, (name,)) as opened:
                about = os.fstat(opened.descriptor)
                if stat.S_ISREG(about.st_mode):
                    if not out:
                        self._file(opened.descriptor, path, about)
                    return
                if not out:
                    self._tar.addfile(_info(path, about, tarfile.DIRTYPE))
                if not out or self._rules.keep_some:
                    self._below(opened.descriptor, path, matching, depth + 1)
        elif out:
            return
        elif stat.S_ISLNK(about.st_mode):
            info = _info(path, about, tarfile.SYMTYPE)
            info.linkname = os.readlink(name, dir_fd=folder)
            if self._podman and _leads_out(path, info.linkname):
                hint = "let the ignore file leave the link out, or build from a folder that holds what it leads to, too"
                message = (
                    f"the link {path} leads out of the build context, to {info.linkname}, and Podman takes no such link"
                )
                raise UsageError(message, hint=hint)
            self._tar.addfile(info)
        elif stat.S_ISFIFO(about.st_mode):
            self._tar.addfile(_info(path, about, tarfile.FIFOTYPE))

    def _file(self, descriptor: int, path: str, about: os.stat_result) -> None:
        number = (about.st_dev, about.st_ino)
        if about.st_nlink > 1 and number in self._linked:
            info = _info(path, about, tarfile.LNKTYPE)
            info.linkname = self._linked[number]
            self._tar.addfile(info)
            return
        self._linked[number] = path
        info = _info(path, about, tarfile.REGTYPE)
        info.size = about.st_size
        with os.fdopen(os.dup(descriptor), "rb") as file:
            try:
                self._tar.addfile(info, file)
            except OSError as error:
                if error.errno is not None:
                    raise
                raise UsageError(f"{path} grew shorter while the build context was packed", hint=_HINT) from error


_HINT = "let no step that writes there run beside the image: give one of them needs:"


def _info(path: str, about: os.stat_result, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type = kind
    info.mode = stat.S_IMODE(about.st_mode)
    info.uid, info.gid = about.st_uid, about.st_gid
    info.mtime = about.st_mtime if 0 <= about.st_mtime <= _LATEST else int(about.st_mtime)
    return info


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
