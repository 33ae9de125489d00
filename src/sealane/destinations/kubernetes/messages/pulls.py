"""The meaning of a message about an image that can't be pulled. Pure: knows registries only by their messages."""

from __future__ import annotations

import re

from sealane.verdicts import model

REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "RegistryUnavailable",
        "ImageInspectError",
        "SignatureValidationFailed",
    }
)
"""Reasons of waiting containers that concern their image."""

_BUSY = r"toomanyrequests|too many requests|rate.?limit|\b429\b"
_UNREACHABLE = (
    r"dial tcp|no such host|i/o timeout|deadline exceeded|connection (?:refused|reset)|TLS handshake"
    r"|server misbehaving|network is unreachable|no route to host|unexpected EOF|: EOF\b|x509:"
    r"|server gave HTTP response to HTTPS client|http: server"
    r"|unexpected status[^:]*: 5\d\d|\b50[0-4] (?:Internal|Bad Gateway|Service|Gateway)|service unavailable"
)
_DENIED = (
    r"pull access denied|access denied|unauthorized|authorization failed|authentication required"
    r"|insufficient_scope|no basic auth|denied:|\b40[13]\b|forbidden"
)
_INVALID = (
    r"no match for platform|no matching manifest|exec format|unsupported (?:manifest|media)"
    r"|signature|invalid reference format|couldn't parse image|invalid tag|never pull|NeverPull"
)
_MISSING = r"(?:manifest|name)[ _]unknown|repository .*not (?:found|exist)|not ?found|does not exist|\b404\b"

# Busy, broken or unreachable first, because such messages may contain a "not found" or a number.
_KINDS = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (_BUSY, model.FactKind.REGISTRY_UNREACHABLE),
        (_UNREACHABLE, model.FactKind.REGISTRY_UNREACHABLE),
        (_DENIED, model.FactKind.IMAGE_DENIED),
        (_INVALID, model.FactKind.IMAGE_INVALID),
        (_MISSING, model.FactKind.IMAGE_MISSING),
    )
)
_BY_REASON = {
    "InvalidImageName": model.FactKind.IMAGE_INVALID,
    "ErrImageNeverPull": model.FactKind.IMAGE_INVALID,
    "SignatureValidationFailed": model.FactKind.IMAGE_INVALID,
    "RegistryUnavailable": model.FactKind.REGISTRY_UNREACHABLE,
}
_WRAPPINGS = tuple(
    re.compile(pattern)
    for pattern in (
        r"^Back-off pulling image \"[^\"]*\":\s*",
        r"^(?:ErrImagePull|InvalidImageName):\s*",
        r"^(?:rpc error: )?code = \w+ desc = ",
        r"^failed to pull (?:and unpack )?image \"[^\"]*\":\s*",
        r"^failed to (?:resolve reference|copy|do request|fetch \S+)(?: \"[^\"]*\")?:\s*",
        r"^failed to do request:\s*",
        r"^\S+[:@/]\S+: (?=not found|pull access)",
    )
)


def kind(reason: str, message: str) -> model.FactKind | None:
    """The kind of fact; None when the message does not give a reason yet (a plain back-off)."""
    plain = _without_names(message)
    return next((fact_kind for pattern, fact_kind in _KINDS if pattern.search(plain)), _BY_REASON.get(reason))


def words(message: str) -> str:
    """The registry's own words: the last part of the chain of errors, without the repeated image."""
    text = message.strip()
    for wrapping in _WRAPPINGS:
        text = wrapping.sub("", text)
    return text


def _without_names(message: str) -> str:
    """The message without quoted names and addresses, so that their parts are not taken for words."""
    return re.sub(r"\"\S*\"|https?://\S+", "", message)
