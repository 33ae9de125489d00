"""A packed chart's files, unpacked in memory with bounds. Pure: an archive is bytes."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib

from sealane.errors import Refused

MOST_BYTES = 32 * 1024 * 1024
MOST_FILES = 20_000
_MOST_PLAIN = 2 * MOST_BYTES
"""Bytes of an archive that is no longer compressed: its files and their headers."""
_TOO_LARGE = f"the chart unpacks to more than {MOST_BYTES} bytes or {MOST_FILES} files"


def unpacked(archive: bytes) -> tuple[str, dict[str, bytes]]:
    """The archive's one folder, and the files below it by their path there. Raises Refused for what no chart needs.

    Links are left out, as Helm does; nothing of it is written anywhere here. What its headers say of sizes is not believed:
    they may be negative, and long themselves.
    """
    files: dict[str, bytes] = {}
    folder, room = "", MOST_BYTES
    try:
        # Not `r|gz`: that stumbles over the extra field that Helm writes into the header.
        with gzip.open(io.BytesIO(archive)) as packed_once:
            plain = packed_once.read(_MOST_PLAIN + 1)
        if len(plain) > _MOST_PLAIN:
            raise Refused(_TOO_LARGE)
        # Not `r:`: that goes back where a size is negative, for ever.
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r|") as packed:
            for member in packed:
                folder, _, path = member.name.removeprefix("./").partition("/")
                if not member.isfile() or not path:
                    continue
                if not 0 <= member.size <= room or len(files) >= MOST_FILES:
                    raise Refused(_TOO_LARGE)
                room -= member.size
                if ".." in path.split("/") or path.startswith("/") or "\\" in path or "\0" in member.name:
                    raise Refused(f"the chart has a file that leads out of it: {path[:100]}")
                content = packed.extractfile(member)
                files[path] = content.read() if content else b""
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise Refused(f"the chart is no archive that can be read: {error}") from error
    if folder in {"", ".."}:
        raise Refused("the chart's archive has no folder")
    return folder, files
