"""Compressed data from untrusted sources, read up to a limit. Pure."""

from __future__ import annotations

import zlib

MOST = 64 * 1024 * 1024
"""Bytes. No mebibyte that Sealane compressed itself grows this large."""


def unzipped(packed: bytes, most: int = MOST) -> bytes:
    """Gzip data, decompressed. Raises ValueError when it is not gzip, is cut off, or has more than `most` bytes."""
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unzip.decompress(packed, most + 1)
    except zlib.error as error:
        raise ValueError("it is not gzip") from error
    if len(plain) > most:
        raise ValueError(f"it has more than {most} bytes when unzipped")
    if not unzip.eof:
        raise ValueError("it breaks off before the end of its gzip")
    return plain
