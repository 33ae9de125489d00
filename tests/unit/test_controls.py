"""What no screen shows hides no secret: masked output stays masked once control characters are left out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane import controls
from sealane.cli.screens import terminal
from sealane.secrets.masking import Masker
from sealane.server.pages.presenters import runs
from tests.properties import examples

SECRET = "Kanarie-vogel7"
HIDDEN = ["\x1b[31m", "\x1b[0m", "\x00", "\x08", "\r", "\x1b", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\", "\x1b(B", "\x7f", "\x9b",
          "\u200b", "\u202e", "\ufeff", "\x1bP1$r\x1b\\"]  # fmt: skip


def shown(masked: bytes) -> list[str]:
    lines = terminal.Lines()
    return [*runs.lines(masked), *lines.feed(masked), *lines.close(), controls.removed(masked.decode(errors="replace"))]


@settings(max_examples=examples(300))
@given(
    st.lists(st.tuples(st.integers(0, len(SECRET)), st.sampled_from(HIDDEN)), max_size=6),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_no_control_character_inside_a_secret_hides_it_from_the_mask(
    inserted: list[tuple[int, str]], cuts: list[int]
) -> None:
    text = SECRET
    for at, hidden in sorted(inserted, reverse=True):
        text = text[:at] + hidden + text[at:]
    data = f"before {text} after\n".encode()
    masker = Masker({"S": SECRET})
    at = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    masked = b"".join(masker.feed(data[start:end]) for start, end in itertools.pairwise(at)) + masker.flush()

    assert not any(SECRET in line for line in shown(masked))
    assert SECRET.encode() not in masked


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_secret_inside_a_sequence_is_masked_too(hidden: str) -> None:
    """A title or an address that no page shows stands in the log as it was printed."""
    masker = Masker({"S": SECRET})
    masked = masker.feed(f"\x1b]0;{SECRET}\x07{hidden}{SECRET}\n".encode()) + masker.flush()

    assert SECRET.encode() not in masked
    assert masked.count(b"***") == 2


def test_colours_of_other_text_stay() -> None:
    printed = f"\x1b[32mok\x1b[0m {SECRET} \x1b[1mbold\x1b[0m\r\n".encode()
    masker = Masker({"S": SECRET})

    assert masker.feed(printed) + masker.flush() == b"\x1b[32mok\x1b[0m *** \x1b[1mbold\x1b[0m\r\n"


def test_a_log_of_control_characters_alone_is_not_kept() -> None:
    """A secret's beginning, and then nothing anybody sees: it is masked instead of waited for without end."""
    masker = Masker({"S": SECRET})
    masked = masker.feed(b"Kanarie") + b"".join(masker.feed(b"\0" * 4096) for _ in range(64)) + masker.flush()

    assert masked.startswith(b"***")
    assert b"Kanarie" not in masked


@given(st.binary(max_size=200))
def test_what_is_visible_is_found_again_where_it_stood(data: bytes) -> None:
    visible = controls.visible(data)

    assert bytes(data[visible.origin(at)] for at in range(len(visible.data))) == visible.data
