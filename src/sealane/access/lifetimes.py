"""How long tokens and old secrets are valid: `90d`, `12h`, `never`. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from sealane.configfiles import fields
from sealane.errors import UsageError

NEVER = "never"
_SPAN = re.compile(r"(?:[0-9]{1,6}(?:s|m|h|d)){1,4}")
_LONGEST = timedelta(days=3660)


def read(text: str, subject: str) -> timedelta | None:
    """Reads the span; None for `never`. Raises UsageError, whose message begins with `subject`."""
    if text == NEVER:
        return None
    if not _SPAN.fullmatch(text) or fields.duration(text) > _LONGEST:
        raise UsageError(
            f"{subject} is no time span: {text[:40]!r}", hint="write it as 90d, 12h or never; at most 3660d"
        )
    return fields.duration(text)
