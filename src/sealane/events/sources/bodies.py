"""Bodies of webhooks: JSON, plain or in the field `payload` of a form, in any charset of the web, also gzipped. Pure.

A signature covers the received bytes, so it is checked before a body is read.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import unquote_to_bytes

from sealane import compression
from sealane.errors import UnknownType, UsageError

MOST = 25 * 1024 * 1024
"""Most bytes of a body, also when unzipped: GitHub's documentation caps payloads at 25 MB."""

_FORM = "application/x-www-form-urlencoded"
_JSON = ("application/json", "text/json")
_CHARSETS = {"utf-8", "ascii", "iso8859-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}
_GZIP = {"gzip", "x-gzip"}
_HINT = f"set the hook's content type to application/json or {_FORM}"


def payload(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The JSON object of a webhook; `headers` have lower-case names.

    Raises UnknownType for an unsupported type, charset or compression, UsageError for anything but a JSON object.
    """
    message = Message()
    message["content-type"] = headers.get("content-type", "").strip() or _JSON[0]
    kind, charset = message.get_content_type(), _charset(message)
    body = _unzipped(headers.get("content-encoding", "").strip().lower(), body)
    if kind == _FORM:
        return _object(_field(body), charset)
    if kind in _JSON or (kind.startswith("application/") and kind.endswith("+json")):
        return _object(body, charset)
    raise UnknownType(f"a webhook of the type {kind[:100]} is not read", hint=_HINT)


def _charset(message: Message) -> str | None:
    named = message.get_param("charset")
    if named is None:
        return None
    try:
        name = codecs.lookup(str(named)).name
    except (LookupError, ValueError):
        name = ""
    if name not in _CHARSETS:
        raise UnknownType(f"a webhook in the charset {str(named)[:40]} is not read", hint="send it in UTF-8")
    return name


def _unzipped(encoding: str, body: bytes) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding not in _GZIP:
        raise UnknownType(
            f"a webhook compressed by {encoding[:40]} is not read", hint="send it uncompressed, or by gzip"
        )
    try:
        return compression.unzipped(body, MOST)
    except ValueError as error:
        raise UsageError(f"the webhook's body can't be unzipped: {error}") from error


def _field(body: bytes) -> bytes:
    """The field's bytes, in any charset: the library's own reader only supports ASCII and UTF-8."""
    fields = (pair.replace(b"+", b" ").partition(b"=") for pair in body.strip().split(b"&"))
    values = [unquote_to_bytes(value) for name, _, value in fields if unquote_to_bytes(name) == b"payload"]
    if len(values) != 1:
        problem = "no field payload" if not values else "several fields payload"
        raise UsageError(
            f"the webhook's form has {problem}", hint="git hosts send their JSON in one field of that name"
        )
    return values[0]


def _object(data: bytes, charset: str | None) -> dict[str, Any]:
    """Without a charset, JSON tells its own; a byte order mark before it is skipped."""
    try:
        text = data if charset in {None, "utf-8", "ascii"} else data.decode(str(charset)).removeprefix("\ufeff")
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("the webhook's body is not JSON") from error
    if not isinstance(payload, dict):
        raise UsageError("the webhook's body is not a JSON object")
    return payload
