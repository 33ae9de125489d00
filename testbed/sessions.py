"""Which test sessions use a bed that one of them started: the last of them ends it.

The commands hold the bed's lock while they read and write this.
"""

from __future__ import annotations

import os

from testbed.layout import Layout

VARIABLE = "SEALANE_TESTBED_FOR"
"""The session that a command is for; nobody names one by hand."""


def begin(layout: Layout) -> None:
    """Note whom a new bed was started for."""
    layout.sessions.write_text(os.environ.get(VARIABLE, ""))


def join(layout: Layout) -> None:
    """Note one more session that uses the bed. A bed that somebody asks for by hand stays up until he ends it."""
    session, known = os.environ.get(VARIABLE, ""), using(layout)
    if not session:
        layout.sessions.write_text("")
    elif known and session not in known:
        layout.sessions.write_text("\n".join([*known, session]))


def leave(layout: Layout) -> bool:
    """Forget the session that ends. Whether the bed ends, too: by hand it always does."""
    session, known = os.environ.get(VARIABLE, ""), using(layout)
    if not session:
        return True
    if session not in known:
        return False
    left = [name for name in known if name != session]
    if left:
        layout.sessions.write_text("\n".join(left))
    return not left


def using(layout: Layout) -> list[str]:
    """The sessions that use the bed; none when somebody asked for it by hand."""
    return layout.sessions.read_text().split() if layout.sessions.exists() else []
