"""Hashes: the id of a revision, and names that change with their content. Pure.

Names of Secrets and ConfigMaps can be listed by people who may not read them, so their hashes are keyed: without the
key, nobody can test guesses of the content.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

NAME_LENGTH = 10
VERSION_LENGTH = 20


def canonical(value: Any) -> bytes:
    """The same text for equal JSON values: sorted keys, no spaces. Raises ValueError for what JSON can't express."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def content_id(value: Any) -> str:
    """`sha256:` and the hash of the value's canonical form."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def version(key: bytes, name: str, content: bytes) -> str:
    """The version of one entry: changes with its content, and reveals nothing about it without the key.

    It includes the name, so that nobody can see that two entries have the same content.
    """
    return hmac.new(key, name.encode() + b"\0" + content, hashlib.sha256).hexdigest()[:VERSION_LENGTH]


def suffix(key: bytes, versions: Mapping[str, str]) -> str:
    """The end of a name, made from the versions of all its entries."""
    return hmac.new(key, canonical(dict(versions)), hashlib.sha256).hexdigest()[:NAME_LENGTH]
