"""Compressed data that strangers may have written: it is read up to a limit. Pure."""

from __future__ import annotations

import zlib

MOST = 64 * 1024 * 1024
"""Bytes that a mebibyte of ours never comes to."""


def unzipped(packed: bytes, most: int = MOST) -> bytes:
    """What was compressed by gzip. Raises ValueError for what is not gzip, breaks off, or has more than `most` bytes."""
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
