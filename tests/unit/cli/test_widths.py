"""Nothing that a terminal of 80 columns shows is broken inside a word: helps of all commands, and what is said."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cli import app, output

CODES = re.compile(r"\x1b\[[0-9;]*m")
WORDS = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=30)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    yield " ".join(path), command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


ALL = dict(commands(app.command(), ("sealane",)))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [80, 100])
def test_help_fits(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    context = ALL[name].make_context(name.rpartition(" ")[2], [], resilient_parsing=True)
    lines = ALL[name].get_help(context).splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line) > width] == []


@given(
    st.lists(WORDS, min_size=1, max_size=40),
    st.integers(0, 6),
    st.integers(20, 120),
    st.sampled_from([None, "red", "dim"]),
)
def test_lines_are_broken_between_words_and_nothing_is_lost(
    words: list[str], inset: int, width: int, style: str | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        patch.setenv("FORCE_COLOR", "1")
        patch.delenv("NO_COLOR", raising=False)
        terminal = Terminal()
        assert shutil.get_terminal_size().columns == width
        text = " " * inset + " ".join(output.style(word, style, stream=terminal) if style else word for word in words)
        broken = output.fitted(text, terminal)
    plain = CODES.sub("", broken)
    assert plain.split() == words
    for line in plain.split("\n"):
        assert len(line) <= width or len(line.split()) == 1, "only a word longer than the terminal is longer"


def test_what_is_piped_on_stays_as_it_is() -> None:
    line = "word " * 60
    assert output.fitted(line, io.StringIO()) == line
