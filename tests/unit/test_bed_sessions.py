"""Who ends a bed that several test sessions use."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed import sessions
from testbed.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty home."""
    made = Layout(home=tmp_path, cache=tmp_path)
    made.run.mkdir()
    return made


def _as(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALANE_TESTBED_FOR", session)


def test_the_last_session_that_uses_a_bed_ends_it(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session that started it may end before one that joined it."""
    _as("first", monkeypatch)
    sessions.begin(layout)
    _as("second", monkeypatch)
    sessions.join(layout)
    sessions.join(layout)
    _as("first", monkeypatch)
    assert not sessions.leave(layout)
    _as("second", monkeypatch)
    assert sessions.leave(layout)


def test_no_session_ends_a_bed_that_somebody_asked_for_by_hand(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it or while it ran."""
    _as("first", monkeypatch)
    sessions.begin(layout)
    _as("", monkeypatch)
    sessions.join(layout)
    _as("first", monkeypatch)
    assert not sessions.leave(layout)
    sessions.join(layout)
    assert not sessions.leave(layout)
    _as("", monkeypatch)
    assert sessions.leave(layout)
