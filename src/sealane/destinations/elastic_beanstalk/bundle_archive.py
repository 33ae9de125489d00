"""A source bundle's structure: a ZIP that unpacks into its own folder only, and to a size that an instance has room for."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from sealane import controls
from sealane.findings import Finding, Place

MOST_FILES = 50_000
MOST_UNPACKED = 4 * 1024**3
"""Bytes: an instance's disk has 8 GiB if nobody asked for more."""
MOST_READ = 1024 * 1024
"""Bytes of a file that is looked into."""
MOST_DIRECTORY = 16 * 1024 * 1024
"""Bytes of the archive's directory, which is read as a whole, with an object for each file."""
_LONGEST = 1024
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_MADE_ON_UNIX = 3
_AT_ROOT = (".ebextensions/", ".platform/", "Procfile", "Dockerfile", "Dockerrun.aws.json", "docker-compose.yml")
"""What the service looks for at the root of a bundle, and nowhere else."""


class _ShortReads:
    """A file that nobody reads much of at once. The archive itself says how long its directory is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size > MOST_DIRECTORY:
            raise _TooMuchError
        return self._file.read(size)


class _TooMuchError(Exception):
    """The archive's directory is larger than it may be."""


def opened(file: BinaryIO, name: str) -> zipfile.ZipFile | Finding | None:
    """The archive, or why nobody looks into it; None for what is none."""
    try:
        return zipfile.ZipFile(_ShortReads(file))
    except _TooMuchError:
        return _of(name, "the list of its files is too long", f"at most {MOST_FILES} files")
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, UnicodeDecodeError):
        return None


def problems(archive: zipfile.ZipFile, name: str) -> list[Finding]:
    """All that is wrong with it; the file of the findings is the bundle, or a file inside."""
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        return [_of(name, f"it has {len(entries)} files", f"at most {MOST_FILES}")]
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED:
        return [_of(name, f"it unpacks to {unpacked} bytes", f"at most {MOST_UNPACKED}")]
    findings = [*_overlaps(entries, name), *_twins(entries), *_folder(entries, name)]
    for entry in sorted(entries, key=lambda entry: entry.header_offset):  # so that a far one is read once, in order
        findings.extend(_entry_problems(archive, entry))
        if len(findings) > 100:
            break
    return findings


def text(archive: zipfile.ZipFile, path: str) -> str | Finding:
    """A file's text, or why it is not available: a lie about its size is one."""
    try:
        with archive.open(path) as file:
            content = file.read(MOST_READ + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        return _of(path, f"it can't be unpacked: {controls.removed(str(error))}")
    if len(content) > MOST_READ:
        return _of(path, "it is too large", f"at most {MOST_READ} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _of(path, "it is no UTF-8 text")


def _of(file: str, message: str, hint: str | None = None) -> Finding:
    return Finding(message=message, place=Place(file=controls.removed(file)[:200]), hint=hint)


def _entry_problems(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[Finding]:
    # the name as the archive has it: reading cuts it off at NUL and turns its separators
    path = entry.orig_filename
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or "\\" in path or (len(path) > 1 and path[1] == ":"):
        yield _of(
            path, "it would be unpacked outside of the bundle's folder", "make the archive with relative paths and /"
        )
    elif controls.removed(path) != path or "\0" in path or not path or len(path) > _LONGEST:
        yield _of(path, "its name has control characters, or none at all, or is too long")
    if entry.flag_bits & 0x1:
        yield _of(path, "it is encrypted")
    elif entry.compress_type not in _METHODS:
        yield _of(path, "it is compressed in a way that the service does not read", "use DEFLATE, or none")
    mode = entry.external_attr >> 16
    if entry.create_system == _MADE_ON_UNIX and stat.S_ISLNK(mode):
        yield from _link(archive, entry, path)
    elif stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR} and entry.create_system == _MADE_ON_UNIX:
        yield _of(path, "it is neither a file nor a folder")


def _link(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str) -> Iterator[Finding]:
    target = text(archive, entry.filename) if entry.file_size <= _LONGEST else ""
    if isinstance(target, Finding):
        yield target
    elif not target or target.startswith("/") or ".." in target.split("/"):
        yield _of(path, "it is a link that leads out of its folder")


def _overlaps(entries: list[zipfile.ZipInfo], name: str) -> Iterator[Finding]:
    """Files that share bytes of the archive: so a small one unpacks to any size."""
    end = -1
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            yield _of(name, "its files share the same bytes, as those of a bomb do")
            return
        end = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size


def _twins(entries: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    seen: set[str] = set()
    for entry in entries:
        if entry.filename in seen:
            yield _of(entry.filename, "it is in the archive twice")
            return
        seen.add(entry.filename)


def _folder(entries: list[zipfile.ZipInfo], name: str) -> Iterator[Finding]:
    """All in one folder, with what the service looks for at the root only: the usual mistake."""
    names = [entry.filename for entry in entries]
    tops = {path.partition("/")[0] for path in names}
    if not names:
        yield _of(name, "it is empty")
    elif len(tops) == 1 and all("/" in path for path in names):
        top = next(iter(tops))
        inside = [mark for mark in _AT_ROOT if any(path.startswith(f"{top}/{mark}") for path in names)]
        if inside:
            yield _of(
                name, f"{inside[0]} is in the folder {top}", "archive the folder's content, not the folder itself"
            )
