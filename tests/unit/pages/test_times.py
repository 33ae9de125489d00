"""Times that tick on a page are written by the server first: a page without scripts has them, too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealane import clock
from sealane.server.pages import templates


@pytest.mark.parametrize(
    ("ago", "words", "shown"),
    [
        (timedelta(minutes=17, seconds=0.5), "", "17 min"),
        (timedelta(days=3), "", "3 days"),
        (timedelta(), "4 s", "4 s"),
    ],
)
def test_what_ticks_has_words_from_the_start(ago: timedelta, words: str, shown: str) -> None:
    parts = templates.environment().get_template("parts.html").module
    ticking = str(parts.ticking(clock.now() - ago, words))  # type: ignore[attr-defined] - a macro
    assert f"data-since>{shown}" in ticking
