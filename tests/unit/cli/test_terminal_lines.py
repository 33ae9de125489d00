"""What programs print is shown in whole lines that can do nothing to the terminal."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cli.screens import terminal


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"plain", "plain"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b[Hhome", "home"),
        (b"\x1bc reset", " reset"),
        (b"10%\r50%\r100%", "100%"),
        (b"windows\r", "windows"),
        (b"a\tb", "a    b"),
        (b"bell\x07", "bell\ufffd"),
        (b"back\x08\x08", "back\ufffd\ufffd"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("safe \u202eevas".encode(), "safe \ufffdevas"),
        (b"\x9b31m", "\ufffd31m"),
    ],
)
def test_sequences_and_controls_are_taken_out(printed: bytes, shown: str) -> None:
    assert terminal.plain(printed) == shown


@given(st.binary(max_size=400), st.lists(st.integers(min_value=0, max_value=400), max_size=8))
def test_whatever_the_pieces_the_lines_are_the_same_and_harmless(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    cutter = terminal.Lines()
    shown = [line for start, end in itertools.pairwise(places) for line in cutter.feed(data[start:end])]
    shown += cutter.close()
    whole = terminal.Lines()
    assert shown == [*whole.feed(data), *whole.close()]
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for line in shown for letter in line)


def test_a_line_without_end_is_shown_in_parts_and_never_kept_whole() -> None:
    cutter = terminal.Lines()
    parts = [line for _ in range(10) for line in cutter.feed(b"x" * terminal.LONGEST)]
    assert len(parts) >= 9
    assert all(len(part) <= terminal.LONGEST for part in parts)
