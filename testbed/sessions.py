"""Which test sessions use a bed that one of them started: the last of them ends it.

The commands hold the bed's lock while they read and write this.
"""

from __future__ import annotations

import os

from testbed.layout import Layout

_VARIABLE = "SEALANE_TESTBED_FOR"
"""The session that a command is for; nobody names one by hand."""


def begin(layout: Layout) -> None:
    """Note whom a new bed was started for."""
    layout.sessions.write_text(os.environ.get(_VARIABLE, ""))


def join(layout: Layout) -> None:
    """Note one more session that uses the bed. A bed that somebody asks for by hand stays up until he ends it."""
    session, using = os.environ.get(_VARIABLE, ""), _using(layout)
    if not session:
        layout.sessions.write_text("")
    elif using and session not in using:
        layout.sessions.write_text("\n".join([*using, session]))


def leave(layout: Layout) -> bool:
    """Forget the session that ends. Whether the bed ends, too: by hand it always does."""
    session, using = os.environ.get(_VARIABLE, ""), _using(layout)
    if not session:
        return True
    if session not in using:
        return False
    left = [name for name in using if name != session]
    if left:
        layout.sessions.write_text("\n".join(left))
    return not left


def _using(layout: Layout) -> list[str]:
    return layout.sessions.read_text().split() if layout.sessions.exists() else []
