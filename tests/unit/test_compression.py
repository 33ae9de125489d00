"""What strangers may have compressed is read up to a limit."""

from __future__ import annotations

import base64
import gzip

import pytest

from sealane import compression
from sealane.destinations.kubernetes import ledger_parts, ledgers

SMALL = gzip.compress(b"a" * 1000, mtime=0)


def test_what_was_compressed_is_read() -> None:
    assert compression.unzipped(SMALL, most=1000) == b"a" * 1000
    assert ledger_parts.joined(ledger_parts.split("text", 5)) == "text"


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (b"", "breaks off"),
        (SMALL[:-5], "breaks off"),
        (b"{}", "not gzip"),
        (SMALL[:10] + b"\xff" * 20, "not gzip"),
        (gzip.compress(b"a" * 1001, mtime=0), "more than 1000 bytes"),
    ],
)
def test_anything_else_is_a_value_error(packed: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compression.unzipped(packed, most=1000)


def test_an_inventory_that_was_tampered_with_is_told_as_none() -> None:
    """By whoever may write ConfigMaps beside it: a mebibyte there would be a gibibyte here."""
    for packed in (gzip.compress(b" " * (compression.MOST + 1)), SMALL[:10] + b"\xff" * 20, gzip.compress(b"[" * 9999)):
        live = {"binaryData": {ledger_parts.ENTRY_KEY: base64.b64encode(packed).decode()}}
        with pytest.raises(ledgers.ours.SealaneError, match="does not hold an inventory"):
            ledger_parts.decoded(live, "it")
