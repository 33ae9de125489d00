"""The server's log: one line for each thing that happened, for machines to read, in JSON or logfmt.

A line holds names, ids, states and reasons as pages show them, never a token, a key or a header. For a caught exception, the
line says where it happened and leaves out its text, which may contain a secret.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from sealane import controls
from sealane.errors import trace

_EVENTS = logging.getLogger("sealane.events")
_FIELDS = "sealane_fields"
_TOLD = "the log has told this error"
_PLAIN = re.compile(r"[!#-<>-\[\]-~]+")
"""A value that needs no quotes: printable ASCII without blanks, `"`, `=` and the backslash."""
_MOST = 2_000
"""Characters of one value."""


class Form(StrEnum):
    """How a line is written."""

    LOGFMT = "logfmt"
    """`event=run.ended app=shop status=passed`"""
    JSON = "json"
    """`{"event": "run.ended", "app": "shop", "status": "passed"}`"""


def event(name: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Writes a line about something that happened: `event("run.ended", app="shop", status="passed")`.

    Fields without a value are left out. Everybody who reads logs sees the values.
    """
    shortened = {key: _short(value) for key, value in fields.items() if value is not None}
    _EVENTS.log(level, name, extra={_FIELDS: shortened})


def once(error: BaseException) -> None:
    """Marks the error as logged, so that it is logged only once."""
    error.add_note(_TOLD)


def configure(form: Form, stream: TextIO | None = None) -> None:
    """Sends all log lines of this process to standard error in this form: events, warnings, and those of libraries."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines(form))
    handler.addFilter(_untold)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _EVENTS.setLevel(logging.INFO)
    engine = logging.getLogger("dbos")  # if it has a handler, it adds none itself
    engine.handlers, engine.propagate = [handler], False


def _untold(record: logging.LogRecord) -> bool:
    return not record.exc_info or _TOLD not in getattr(record.exc_info[1], "__notes__", ())


class _Lines(logging.Formatter):
    """One line per record, whatever it contains."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": at, "level": record.levelname.lower(), **_told(record)}
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = trace(record.exc_info[1])
        if self._form is Form.JSON:
            return _quoted(line)
        return " ".join(f"{key}={_written(value)}" for key, value in line.items())


def _told(record: logging.LogRecord) -> Mapping[str, Any]:
    fields = getattr(record, _FIELDS, None)
    if fields is not None:
        return {"event": record.getMessage(), **fields}
    return {"event": "message", "logger": record.name, "message": record.getMessage()}


def _short(value: Any) -> Any:
    if isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"


def _written(value: Any) -> str:
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) else _quoted(value)


def _quoted(value: Any) -> str:
    """As JSON in printable ASCII: it can't move the cursor or change the direction of text."""
    return controls.escaped(json.dumps(value))
