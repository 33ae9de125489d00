"""Texts that databases accept: untrusted programs print zero bytes and half characters, which PostgreSQL refuses.

A mark replaces these in every text and JSON of a statement, so that they never stop a story. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sealane import inputs


def json_text(value: Any) -> str:
    """The value as JSON."""
    text = json.dumps(value)
    suspicious = "\\u0000" in text or "\\ud" in text
    return json.dumps(_plain(value)) if suspicious else text


def parameters(
    _connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: Any
) -> tuple[str, Any]:
    """The statement and its parameters, one set or several, made storable just before SQLAlchemy executes them."""
    return statement, [_set(row) for row in given] if isinstance(given, list) else _set(given)


def _set(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {name: _text(value) for name, value in given.items()}
    return tuple(map(_text, given)) if isinstance(given, tuple) else given


def _text(value: Any) -> Any:
    return inputs.storable(value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_text(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else _text(value)
