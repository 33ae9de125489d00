"""The forms in which a secret may turn up in a log. Pure: knows nothing about logs."""

from __future__ import annotations

import base64
import json
import urllib.parse

SHORTEST = 4
"""Characters; anything shorter stands in every other line by accident."""

_WRAPPED_AT = (64, 76)
"""Where openssl and coreutils break lines of base64."""


def forms(secret: str) -> frozenset[bytes]:
    """Every byte string that gives the secret away: itself, its lines, and what common encoders make of it."""
    plain = {secret, secret.strip()}
    found = {text.encode() for text in plain}
    found |= {line.strip().encode() for line in secret.splitlines() if len(line.strip()) >= SHORTEST}
    for text in plain:
        found |= _in_base64(text.encode()) | _in_urls(text) | _in_json(text)
    return frozenset(form for form in found if len(form) >= SHORTEST)


def _in_base64(secret: bytes) -> set[bytes]:
    """What base64 of any text around the secret is sure to contain, at each of the three alignments."""
    found: set[bytes] = set()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret + bytes(2))
        first = -(-offset * 8 // 6)
        last = (offset + len(secret)) * 8 // 6
        sure = encoded[first:last]
        found |= {sure, sure.translate(bytes.maketrans(b"+/", b"-_"))}
        if offset == 0:
            found |= {_wrapped(sure, width) for width in _WRAPPED_AT if len(sure) > width}
    return found


def _wrapped(encoded: bytes, width: int) -> bytes:
    return b"\n".join(encoded[at : at + width] for at in range(0, len(encoded), width))


def _in_urls(secret: str) -> set[bytes]:
    encoded = {
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
    }
    lower = {_lower_escapes(text) for text in encoded}
    return {text.encode() for text in encoded | lower}


def _lower_escapes(text: str) -> str:
    """%2F as %2f, which some encoders write."""
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def _in_json(secret: str) -> set[bytes]:
    return {json.dumps(secret, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (True, False)}
